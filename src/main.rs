//! The `trailtrim` program: parses arguments, calls the library, returns an exit status.

use trailtrim::cli::{self, ExitStatus};

fn main() -> ExitStatus {
    cli::run(std::env::args_os())
}
