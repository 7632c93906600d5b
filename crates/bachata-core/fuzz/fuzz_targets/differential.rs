//! Any bytes: what core makes of them is what `serde_json` and the clauses of the protocol say, down to the kind, the place and the member of an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| bachata_tests::check(frame));
