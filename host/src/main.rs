//! The `playfast` binary: [`playfast::cli`].

fn main() -> std::process::ExitCode {
    playfast::cli::main()
}
