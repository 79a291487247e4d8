//! Rule files are compiled in as a directory, of which the compiler knows the files that were there: a new one must make it
//! look again.

fn main() {
    println!("cargo::rerun-if-changed=src/catalog/data/rules");
}
