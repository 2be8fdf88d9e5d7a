//! Em construção.
use crate::{Execution, Verdict};
#[must_use]
pub fn judge(_test_name: &str, _execution: &Execution) -> Verdict {
    Verdict::passed()
}
#[must_use]
pub fn explain(_execution: &Execution) -> Option<String> {
    None
}
