//! Facts as CloudEvents, from both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use logs_domain::{Hint, Input};
use replay_determinism::{canonical, leaf_hash, sha256};
use serde_json::Value;
use support::{domains, tenant};

#[tokio::test]
async fn each_entry_is_an_event_whose_data_hashes_to_its_leaf() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        let facts: String = (0..2_500)
            .map(|n| {
                format!(
                    r#"{{"kind":"run.step","run_id":"r{}","key":"k{n}","occurred_at":"2026-01-01T00:00:01Z","body":{{"index":{n},"prompt":"never told"}},"commit":["/prompt"]}}{}"#,
                    n / 100, "\n"
                )
            })
            .collect();
        let input = Input::spool("lines", &mut facts.as_bytes(), 1 << 22).unwrap();
        domain.import(&tenant(), input, Hint::default()).await.unwrap();

        let mut written = Vec::new();
        let exported = domain.export_events(&tenant(), 0, &mut written).await.unwrap();
        assert_eq!((exported.events, exported.next), (2_500, 2_500));
        assert_eq!((exported.bytes, exported.sha256), (written.len() as u64, sha256(&written)));
        let text = String::from_utf8(written).unwrap();
        assert!(!text.contains("never told") && !text.contains("salt"));
        for (seq, line) in text.lines().enumerate() {
            let event: Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["specversion"], "1.0");
            assert_eq!(event["source"], "//logs.test/acme");
            assert_eq!(event["sequence"], format!("{seq:020}"));
            assert_eq!(event["id"], event["data"]["id"]);
            assert_eq!(event["subject"], event["data"]["meta"]["run_id"]);
            assert_eq!(event["time"], event["data"]["meta"]["occurred_at"]);
            assert_eq!(event["recordedtime"], event["data"]["meta"]["recorded_at"]);
            assert_eq!(event["type"], "factlog.run.step");
            let parsed = canonical::parse(line.as_bytes()).unwrap();
            let data = canonical::write(parsed.member("data").unwrap());
            assert_eq!(event["leafhash"], leaf_hash(&data).to_string());
            // Names of attributes are lower-case letters and digits (CloudEvents 1.0.2, "Naming
            // Conventions").
            let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
            assert!(event.as_object().unwrap().keys().all(|name| name.bytes().all(plain)));
        }

        // It is recorded that they left, and when nothing but that is left to tell, no more.
        let more = domain.export_events(&tenant(), 2_500, &mut Vec::new()).await.unwrap();
        assert_eq!((more.events, domain.size(&tenant()).await.unwrap()), (1, 2_501));
        let none = domain.export_events(&tenant(), 2_501, &mut Vec::new()).await.unwrap();
        assert_eq!((none.events, none.bytes), (0, 0));
        let beyond = domain.export_events(&tenant(), 2_502, &mut Vec::new()).await.unwrap_err();
        assert!(beyond.to_string().contains("has 2501 entries"), "{beyond}");
        // Whoever stops taking them has some, and that is recorded too.
        let cut = domain.export_events(&tenant(), 0, &mut Full(10)).await.unwrap_err();
        assert!(cut.to_string().contains("cannot write `the events`"), "{cut}");
        let mut last = Vec::new();
        domain.export_events(&tenant(), 2_501, &mut last).await.unwrap();
        let failed: Value = serde_json::from_slice(&last).unwrap();
        assert_eq!(failed["type"], "factlog.export.failed");
        assert_eq!(failed["data"]["body"]["entries"], 11);
        domain.close().await.unwrap();
    }
}

/// Takes so many lines, and no more.
struct Full(u32);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
