import Diagnostics
import JSON

/// Secrets in clear text move to files of their own, and the text refers to them.
enum SecretRule: MigrationRule {
    static func rewrites(_ text: MigrationText, _ options: Migration.Options) -> [Rewrite] {
        text.compilation.diagnostics.compactMap { diagnostic in
            // By its place: the names that lead to it may be secrets too, which no finding tells.
            guard diagnostic.code == .literalSecret, let place = diagnostic.primary, place.file == FileID(0), let entry = text.entry(valued: place),
                case .string(let value) = entry.entry.value.value
            else { return nil }
            let note = "\(entry.key) still holds a secret in clear text: its value is an anchor, or tagged; move it by hand"
            let id = "secret \(entry.id)"
            guard !text.hasProperty(entry.entry.value.span) else {
                return Rewrite(
                    id: id, code: .literalSecret, key: entry.key, action: "", reason: "", edits: [], offset: entry.span.start, noteIfRefused: note)
            }
            // A line break at the end of a block is how it is written, not part of a key.
            let key = String(value.reversed().drop(while: \.isNewline).reversed())
            let secret = secret(key, entry, text, options)
            let file = secret.path
            return Rewrite(
                id: id, code: .literalSecret, key: entry.key, action: "move it to \(file)", reason: diagnostic.message,
                edits: edits(file, entry.entry, text), offset: entry.span.start, secret: secret,
                noteIfRefused: "\(entry.key) still holds a secret in clear text: a reference in its place does not compile; move it by hand")
        }
    }

    /// A reference in place of a value; the comment in the first line of a block stays.
    private static func edits(_ path: String, _ entry: SyntaxEntry, _ text: MigrationText) -> [Fix.Edit] {
        let place = entry.value.span
        let reference = reference(path, entry)
        guard entry.value.style == .block else { return [.init(place, reference)] }
        let lineEnd = text.bytes[place.range].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? place.end
        guard let comment = text.bytes[place.start..<lineEnd].firstIndex(of: UInt8(ascii: "#")),
            let last = text.bytes[place.start..<comment].lastIndex(where: { $0 != 0x20 && $0 != 0x09 })
        else {
            // The place of a block reaches to the next line.
            return [.init(place, text.bytes[place.range].last == 0x0A ? reference + "\n" : reference)]
        }
        let body = text.afterBreak(lineEnd)
        return [.init(SourceSpan(place.file, place.start..<last + 1), reference), .init(SourceSpan(place.file, body..<place.end), "")]
    }

    private static func reference(_ path: String, _ entry: SyntaxEntry) -> String {
        let rest = path.hasPrefix("~/") ? path.dropFirst(2) : path[...]
        let isWord = rest.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".") } && !rest.hasPrefix("-")
        let quoted = JSON.string(path).text
        return entry.keyStyle == .plain ? "{ file: \(isWord ? path : quoted) }" : "{ \"file\": \(quoted) }"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool { byte.isWord || byte == UInt8(ascii: "-") }

    /// More files of one name than anybody has projects.
    private static let maximumNames = 1000

    /// The secret with the first name that is free: `NAME`, `NAME-2`, …
    private static func secret(
        _ value: String, _ entry: MigrationText.Entry, _ text: MigrationText, _ options: Migration.Options
    ) -> Migration.Secret {
        // The key's name, however it is spelt here; no file is called as a secret.
        let names = entry.path.dropLast().enumerated().map { $0 < entry.shownNames ? $1 : Fingerprint.hex(of: $1) }
        let name = name(names + [entry.spec?.name ?? entry.entry.key], text, options)
        var secret = Migration.Secret(key: entry.key, path: "\(options.secretFolder)/\(name)", value: value)
        var number = 2
        while !options.isAvailable(secret), number <= maximumNames {
            secret.path = "\(options.secretFolder)/\(name)-\(number)"
            number += 1
        }
        return secret
    }

    /// `default.openrouter.apiKey`: the stack, the backend, the key. No name of a stack or a backend has a dot.
    private static func name(_ path: [String], _ text: MigrationText, _ options: Migration.Options) -> String {
        var instance = options.instance ?? "default"
        if options.instance == nil, let entry = text.entry([FileKeys.instance.name]), case .string(let name) = entry.entry.value.value,
            (try? TextValue.name(name)) != nil
        {
            instance = name
        }
        let parts = path.first == FileKeys.backends.name ? Array(path.dropFirst()) : path
        return ([instance] + parts).map { part in
            String(decoding: part.utf8.prefix(64).map { isNameByte($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        }.joined(separator: ".")
    }
}
