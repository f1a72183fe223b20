extension Catalogue {
    static let planPages: [DiagnosticCode: CodePage] = [
        .preflightFailed: CodePage(
            .error, "the machine is not ready for the plan",
            "The configuration is right, and an apply here would be refused: a port is in use, a file or program is missing, a secret is not set, the models do\n"
                + "not fit into memory, or the Python packages of a worker do not work together. The message says what was found, the hint what to do.\n"
                + "`anyclaude validate --preflight` reports it; `anyclaude plan` and `anyclaude apply --dry-run` show every check. A supervisor judges, in its own\n"
                + "environment, where one runs; the answer is that of this moment and of this machine."),
        .preflightWarning: CodePage(
            .warning, "the machine holds less than the plan may ask of it",
            "An apply is possible, and something of it may not be as wished: a cache may outgrow what is free on its disk, all contexts together may outgrow\n"
                + "the memory, or a package of a worker's Python environment is one that was seen to fail with some requests."),
    ]
}
