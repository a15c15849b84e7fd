//! Parse, run, exit: the only place that ends the process.

fn main() -> std::process::ExitCode {
    kfctl_cn::cli::main()
}
