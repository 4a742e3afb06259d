//! An engine that wants bytes hashed in its own way.

use sha2::Sha256;

fn main() {
    let _ = std::any::type_name::<Sha256>();
}
