//! Gives the linker the memory of the board that goes with the target.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=memory");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let board = match env::var("CARGO_CFG_TARGET_ARCH").as_deref() {
        Ok("arm") => "lm3s6965",
        Ok("riscv32") => "virt",
        arch => panic!("there is no board for {arch:?}"),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy(format!("memory/{board}.x"), out.join("memory.x"))
        .expect("the memory of the board is copied");
    println!("cargo::rustc-link-search={}", out.display());
    if board == "virt" {
        println!("cargo::rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
}
