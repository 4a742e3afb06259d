//! Certificates as the ledger has them.

use adapters::Finding;
use adapters::certificate::{CertificateReport, REVOCATION_UNKNOWN};
use audit_evidence::fact_of;
use store_traits::TenantId;

use super::facts::{CertificateRecord, record_of};
use crate::{DomainError, LogsDomain};

/// Entries that are read at once.
const PAGE: u64 = 1_000;
/// Entries that are looked at for a page of the list.
const MOST_LOOKED_AT: u64 = 100_000;

/// A page of the certificates that were issued, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePage {
    /// The certificates.
    pub items: Vec<CertificateRecord>,
    /// The entry before which the next page begins; `None` where the ledger was read to its beginning.
    pub next: Option<u64>,
}

impl LogsDomain {
    /// Certificates that were issued in entries before `before`, newest first, at most `limit`. No index
    /// leads to them: the ledger is read from its end, at most 100,000 entries a page.
    ///
    /// # Errors
    /// The store failed.
    pub async fn certificates(
        &self,
        tenant: &TenantId,
        before: u64,
        limit: usize,
    ) -> Result<CertificatePage, DomainError> {
        let mut end = before.min(self.ledger.head(tenant).await?.size);
        let floor = end.saturating_sub(MOST_LOOKED_AT);
        let mut items: Vec<CertificateRecord> = Vec::new();
        while end > floor && items.len() < limit {
            let start = end.saturating_sub(PAGE).max(floor);
            let entries = self.ledger.entries(tenant, start..end).await?;
            end = start;
            for entry in entries.iter().rev().filter(|entry| may_be_one(&entry.bytes)) {
                let Some(record) = fact_of(entry).ok().as_ref().and_then(record_of) else {
                    continue;
                };
                items.push(record);
                if items.len() == limit {
                    end = entry.seq;
                    break;
                }
            }
        }
        for item in &mut items {
            item.revoked = self.revocation(tenant, item.id).await?;
        }
        Ok(CertificatePage { items, next: (end > 0).then_some(end) })
    }

    /// What an offline check found, and what this log knows beside it: that the certificate was issued,
    /// and whether it was revoked.
    ///
    /// # Errors
    /// The store failed.
    pub async fn beside_the_ledger(
        &self,
        mut report: CertificateReport,
    ) -> Result<CertificateReport, DomainError> {
        let finding =
            |what: String, meaning| Finding { what, place: "this ledger".to_owned(), meaning };
        let Some(summary) = &report.summary else { return Ok(report) };
        let Some(tenant) = TenantId::parse(&summary.tenant)
            .ok()
            .filter(|tenant| self.log_origin(tenant) == summary.origin)
        else {
            let what = format!("it is not the log `{}`", summary.origin);
            return Ok(report.with_finding(finding(what, "another database knows of it")));
        };
        let size = self.ledger.head(&tenant).await?.size;
        let Some(record) = self.certificate(&tenant, summary.id).await? else {
            let what = format!("none of its {size} entries records that it was issued");
            let meaning = "it was signed past this log, or the log was rolled back";
            return Ok(report.with_finding(finding(what, meaning)));
        };
        report.not_proved.retain(|line| line != REVOCATION_UNKNOWN);
        if let Some(revoked) = record.revoked {
            let what = format!(
                "it was revoked at {} (entry {}): {}",
                revoked.at, revoked.seq, revoked.reason
            );
            return Ok(report.with_finding(finding(what, "whoever issued it takes it back")));
        }
        report.not_proved.push("That it is not revoked after this.".to_owned());
        if report.holds {
            report.proved.push(format!(
                "This ledger of {size} entries records that it was issued (entry {}), and no revocation.",
                record.seq
            ));
        }
        Ok(report)
    }
}

/// Can these bytes be the fact that one was issued? Canonical JSON has one spelling, so that most entries
/// need not be parsed.
fn may_be_one(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.contains(r#""kind":"certificate.issued""#))
}

#[cfg(test)]
mod tests {
    use store_traits::FactKind;

    use super::*;

    #[test]
    fn what_may_be_one_is_of_the_kind() {
        let entry = format!(r#"{{"body":{{}},"kind":"{}"}}"#, FactKind::CertificateIssued);
        assert!(may_be_one(entry.as_bytes()));
        assert!(!may_be_one(entry.replace("issued", "revoked").as_bytes()));
    }
}
