extension Catalogue {
    static let yamlPages: [DiagnosticCode: CodePage] = [
        .yamlSyntax: CodePage(
            .error, "not YAML", "The text is outside the grammar of YAML 1.2 at the place shown. The label says what was expected there."),
        .tabIndentation: CodePage(
            .error, "tab used for indentation",
            "YAML forbids tabs where the indentation of a line is counted. A tab behind `- ` or `? ` is refused too, since what follows could be indented\n"
                + "by it. Use spaces; two for each level are usual."),
        .unquotedColon: CodePage(
            .error, "a colon inside an unquoted value",
            "A colon followed by a space begins a value, also in the middle of an unquoted text: `title: foo: bar` is refused. Quote the text:\n"
                + "`title: \"foo: bar\"`."),
        .reservedIndicator: CodePage(
            .error, "an unquoted value begins with a reserved character",
            "A text that begins with one of @ ` % & * ! | > ' \" # { } [ ] , must be quoted in YAML, since these characters have meanings of their own or are\n"
                + "reserved for later ones."),
        .indentation: CodePage(
            .error, "indentation does not fit",
            "The keys of one mapping, and the dashes of one list, stand in the same column. The line is indented differently from its neighbours."),
        .unclosedCollection: CodePage(
            .error, "a bracket is not closed",
            "A list in brackets or a mapping in braces has no end where one is needed. The second place shows where it opens."),
        .forbiddenCharacter: CodePage(
            .error, "a character that must not stand in a file",
            "Control characters are not part of YAML and JSON texts. In YAML, U+0085, U+2028 and U+2029 are refused too: some readers take them for line\n"
                + "breaks, so that one file would have two meanings. Write an escape in double quotes, as \"\\u2028\"."),
        .notUTF8: CodePage(
            .error, "not UTF-8", "Configurations are UTF-8. Save the file with that encoding; a byte order mark at the start does no harm."),
        .keyTooLong: CodePage(
            .error, "key too long", "A key may have 1024 bytes. YAML readers refuse longer ones, with messages that do not say so."),
        .aliasExpansion: CodePage(
            .error, "aliases multiply beyond the limit",
            "Written out, the aliases (`*name`) of the file would give more values (100,000) or more text (1 MiB) than the limit allows. A small file that\n"
                + "expands to millions of values is an attack; a configuration never needs it."),
        .tooDeep: CodePage(.error, "nested too deep", "Lists and mappings may be nested 64 deep. Configurations need fewer than ten levels."),
        .aliasCycle: CodePage(.error, "an alias inside its own anchor", "`&a [*a]` would contain itself. Such a value has no end."),
        .unknownAlias: CodePage(
            .error, "an alias without an anchor",
            "`*name` stands for a value that `&name` marked earlier in the file. There is no such mark before it."),
        .unknownTag: CodePage(
            .error, "unknown tag",
            "Only the tags of YAML's core schema are read: !!str, !!int, !!float, !!bool, !!null, !!seq, !!map. Others build objects of some language, and are\n"
                + "refused."),
        .notRepresentable: CodePage(
            .error, "a value that JSON has no form for",
            "Every configuration can be written as JSON, so infinite numbers, NaN, and keys that are lists or mappings are refused."),
        .emptyFile: CodePage(
            .error, "the file says nothing", "The file is empty, or holds comments only. `backend: claude` alone is a whole configuration."),
        .severalDocuments: CodePage(
            .error, "more than one document", "The file has several YAML documents (`---`). One file is one configuration; split it."),
        .unclosedQuote: CodePage(.error, "a quote is not closed", "A text in quotes has no end. The place shows where it opens."),
        .unknownEscape: CodePage(
            .error, "unknown escape",
            "In double quotes a backslash begins an escape; YAML knows \\0 \\a \\b \\t \\n \\v \\f \\r \\e \\\" \\/ \\\\ \\N \\_ \\L \\P \\xXX \\uXXXX \\UXXXXXXXX.\n"
                + "Write `\\\\` for a backslash, or use single quotes, where it has no meaning."),
        .tooLarge: CodePage(
            .error, "beyond a limit of size",
            "A file may hold 100,000 values, a text 256 KiB, a name 1 KiB, 100 aliases, 1000 backends and 1000 routes. The limits keep a hostile file from using up the machine."
        ),
        .missingColon: CodePage(
            .error, "a key without a colon", "The line looks like a key and has no `: ` after it. A colon needs a space behind it to count."),
    ]

    static let jsonPages: [DiagnosticCode: CodePage] = [
        .jsonSyntax: CodePage(.error, "not JSON", "The text is outside the grammar of RFC 8259 at the place shown."),
        .trailingComma: CodePage(.error, "a comma before the end", "JSON has no comma after the last element or member. Remove it."),
        .jsonComment: CodePage(
            .error, "a comment in JSON",
            "JSON has no comments. A member whose name begins with `//` is taken as one here: `\"// note\": \"…\"`. In YAML, `#` begins a comment."),
        .singleQuotes: CodePage(.error, "single quotes in JSON", "Strings and names stand in double quotes in JSON."),
    ]
}
