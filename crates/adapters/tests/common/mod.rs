//! A report and a bundle made by hand, the same on every machine.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::single_range_in_vec_init)]

pub mod ledger;
pub mod members;

use std::collections::BTreeMap;

use adapters::{Integrity, Report, RunReport, StepRow};
use store_traits::{Digest, Timestamp};

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn step(number: u64, depth: u32, class: &str, name: &str, at: u64, took: u64) -> StepRow {
    StepRow {
        number,
        seq: number - 1,
        depth,
        class: class.to_owned(),
        name: name.to_owned(),
        offset_ms: at,
        duration_ms: Some(took),
        input_tokens: None,
        output_tokens: None,
        error: None,
    }
}

/// Enough steps to break the table across pages, and every script that the fonts cover.
pub fn report() -> Report {
    let mut steps = vec![
        step(1, 0, "agent", "invoke_agent travel-planner", 0, 21_480),
        step(2, 1, "llm_call", "chat gpt-4o-2024-08-06", 14, 3_207),
        step(3, 1, "tool_call", "search_flights", 3_240, 1_108),
        step(
            4,
            2,
            "http",
            "GET api.example.com/v2/flights/search?from=CPH&to=NRT&date=2026-12-01",
            3_251,
            1_071,
        ),
        step(5, 1, "llm_call", "chat gpt-4o-2024-08-06", 4_361, 4_002),
        step(6, 1, "tool_call", "検索 東京のホテル", 8_402, 950),
        step(7, 1, "tool_call", "بحث عن فندق", 9_377, 411),
        step(8, 1, "tool_call", "smile \u{1F642} and pay\u{202E}001", 9_801, 3),
        step(9, 1, "tool_call", "book_hotel", 9_830, 2_212),
    ];
    for (at, (input, output)) in [(1, (1_204, 96)), (4, (2_871, 412))] {
        steps[at].input_tokens = Some(input);
        steps[at].output_tokens = Some(output);
    }
    steps[8].error = Some("TimeoutError: the booking service did not answer within 2 s".to_owned());
    for number in 10..48 {
        let class = if number % 3 == 0 { "llm_call" } else { "tool_call" };
        let name = if number % 3 == 0 { "chat gpt-4o-mini" } else { "read_document" };
        let mut row = step(
            number,
            1 + (number % 2) as u32,
            class,
            name,
            12_050 + number * 190,
            60 + number * 9,
        );
        if number % 3 == 0 {
            row.input_tokens = Some(310 * number);
            row.output_tokens = Some(17 * number);
        }
        steps.push(row);
    }
    Report {
        title: "Everything that travel-planner did in one run".to_owned(),
        tenant: "acme".to_owned(),
        origin: "logs.example.com/acme".to_owned(),
        generator: "factlog".to_owned(),
        version: "0.1.0".to_owned(),
        as_of: at("2026-11-23T08:32:24.910083339Z"),
        runs: vec![RunReport {
            run_id: "5b8efff798038103d269b633813fc60c".to_owned(),
            agent: Some("travel-planner".to_owned()),
            started_at: at("2026-11-23T08:32:02.910083339Z"),
            ended_at: Some(at("2026-11-23T08:32:24.390083339Z")),
            status: "completed".to_owned(),
            llm_calls: 15,
            tool_calls: 29,
            input_tokens: 118_345,
            output_tokens: 6_871,
            errors: 1,
            models: vec!["gpt-4o-2024-08-06".to_owned(), "gpt-4o-mini-2024-07-18".to_owned()],
            steps,
        }],
        overview: None,
        soc2: None,
        integrity: Integrity {
            size: 1_234,
            root: Digest::from_hex(
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            )
            .unwrap(),
            vkey: "logs.example.com/acme+2f3c9a10+AdeqeYAYG1v0uMxW2ep2TTq0fV6kz0dQ0o0oUFW1ZLmm"
                .to_owned(),
            ranges: vec![112..159],
            entries: 47,
            proof_kind: "range proof: nothing between the first and the last entry is left out"
                .to_owned(),
            proved: vec![
                "The holder of the key signed the ledger at 1 234 entries with this root."
                    .to_owned(),
                "Each of the 47 entries lies in that ledger, byte for byte as exported.".to_owned(),
                "Between the first and the last of them nothing was left out.".to_owned(),
            ],
            not_proved: vec![
                "That everything that happened was recorded.".to_owned(),
                "That what was recorded is true.".to_owned(),
                "What the 12 withheld contents say; the entries only commit to them.".to_owned(),
            ],
            contents_included: 0,
            contents_withheld: 12,
            contents_erased: 0,
            redactions: BTreeMap::from([("email".to_owned(), 3), ("api_key".to_owned(), 1)]),
        },
    }
}
