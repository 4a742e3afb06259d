//! Signing by policy, beside the posts: an answer waits for its facts and for no signature.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;

/// A policy that asks for more is looked at no more often.
const SHORTEST: Duration = Duration::from_secs(1);

/// Looks at the policy whenever something was recorded and whenever a checkpoint may have grown too
/// old. What cannot be signed is recorded all the same, so it is told to the operator alone, and once
/// until it is mended.
pub(crate) async fn run(app: Arc<App>) {
    let every = app.domain.checkpoint_policy().every.unwrap_or(Duration::MAX).max(SHORTEST);
    let mut told = BTreeMap::new();
    loop {
        // At the start too: what was recorded before is signed with the rest.
        for tenant in app.signed_for() {
            match app.domain.checkpoint_if_due(&tenant).await {
                Ok(()) => drop(told.remove(&tenant)),
                Err(error) => {
                    app.metrics.unsigned.inc();
                    let text = error.to_string();
                    if told.get(&tenant) != Some(&text) {
                        (app.report)(&text);
                        told.insert(tenant, text);
                    }
                }
            }
        }
        // A post that came meanwhile has left its mark.
        let _ = tokio::time::timeout(every, app.recorded.notified()).await;
    }
}
