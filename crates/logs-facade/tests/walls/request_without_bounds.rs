//! A page of a thousand million runs, or one of another tenant: requests are checked or not there.

use store_traits::{ListRequest, RunFilter, TenantId};

fn everything(tenant: TenantId) -> ListRequest<RunFilter> {
    let (filter, order) = (RunFilter::default(), "runs");
    ListRequest { tenant, filter, order, limit: 1_000_000_000, after: None }
}

fn main() {}
