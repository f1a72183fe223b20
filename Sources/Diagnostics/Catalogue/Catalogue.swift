/// The pages of all codes, one table for each stage.
public enum Catalogue {
    public static let pages: [DiagnosticCode: CodePage] = [
        filePages, yamlPages, jsonPages, shapePages, valuePages, referencePages, environmentPages, advicePages, planPages,
    ].reduce(into: [:]) { all, table in all.merge(table) { first, _ in first } }

    static let filePages: [DiagnosticCode: CodePage] = [
        .noFile: CodePage(
            .error, "no configuration file",
            "In the folder there is none of .anyclauderc.yaml, .anyclauderc.yml, .anyclauderc.json and .anyclauderc, or the file that was named does not\n"
                + "exist. Name a file with -f FILE, or write one: `backend: claude` alone is a whole configuration."),
        .unreadableFile: CodePage(
            .error, "the file cannot be read", "The system refused to read the file. Check its owner and mode, and those of the folders above it."),
        .notAFile: CodePage(
            .error, "not a regular file", "A configuration is a regular file, or standard input (`-f -`). Folders, devices and sockets are refused."),
        .fileTooLarge: CodePage(
            .error, "the file is too large",
            "A configuration may have 1 MiB. Nothing larger is read, so that a wrong file cannot use up memory. Is it the right file?"),
        .shadowedFile: CodePage(
            .warning, "another configuration is not read",
            "The folder has more than one configuration. The first of .anyclauderc.yaml, .anyclauderc.yml, .anyclauderc.json, .anyclauderc is taken and the\n"
                + "others have no influence. Remove them, or name the one that you mean with -f FILE."),
    ]

    static let advicePages: [DiagnosticCode: CodePage] = [
        .deprecatedKey: CodePage(
            .warning, "deprecated key",
            "The key still works, and has a newer name or place, which the message gives. Where both are written, the newer one is used and this one is not."
        ),
        .deprecatedName: CodePage(
            .warning, "another name of a backend",
            "The name is one of those that older versions used for the same backend. It works here; write the name that `backends` declares."),
        .unusedKey: CodePage(
            .warning, "a key that is not used",
            "Files of the earlier tool may hold keys that it never read, or that steer parts which are built differently here. They do not stop a file\n"
                + "from loading, and the message says why the key changes nothing. Remove it when the file need not serve the earlier tool."),
        .yesNoWord: CodePage(
            .warning, "a word that is a boolean in YAML 1.1 only",
            "`yes`, `no`, `on` and `off` are strings in YAML 1.2, which is read here, and were booleans in YAML 1.1. Quote the word where the string is\n"
                + "meant; write `true` or `false` where a boolean is (there AC0311 is the error)."),
        .missingSpace: CodePage(
            .error, "missing space after `:`",
            "In YAML a colon separates a key from its value only where a space or a line break follows: `{port:8081}` is one key `port:8081` without a\n"
                + "value. Write `{port: 8081}`."),
        .withoutEffect: CodePage(
            .warning, "a key without effect here",
            "The key is right and works elsewhere; together with the others of this backend it changes nothing. The message says which of them decides.\n"
                + "Remove the key, or change the one that stands in its way."),
        .badAllowComment: CodePage(
            .warning, "a comment that allows nothing",
            "`# anyclaude: allow CODE` names a code that does not exist, or one of an error. Errors cannot be allowed: the file has no plan with them.\n\n"
                + CodePage.allowing),
        .unusedAllowComment: CodePage(
            .warning, "a comment that is not needed",
            "`# anyclaude: allow CODE` stands where nothing has that code any more. Remove it, so that it does not hide the next one.\n\n"
                + CodePage.allowing),
        .internalError: CodePage(
            .error, "a fault of the program",
            "This should not happen, whatever the file says. Please report it with the file that shows it (without its secrets)."),
    ]
}
