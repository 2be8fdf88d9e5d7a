//! Em construção.
