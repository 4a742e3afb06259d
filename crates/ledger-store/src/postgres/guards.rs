//! What refuses changes: which there must be, and which there are.

use store_traits::StoreError;

use super::Connections;

pub(crate) async fn missing(_: &Connections) -> Result<Vec<String>, StoreError> {
    Ok(Vec::new())
}
