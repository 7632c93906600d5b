//! The same in tasks of tokio.
