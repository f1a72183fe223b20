import Diagnostics

/// Takes secrets out of what a report may show: texts under names of secrets wherever they stand, words that look like keys, passwords in
/// URLs, and all of these in comments. The checker masks what it refuses by itself; this is for what it never came to.
///
/// It runs only where there is something to report.
enum SecretMasks {
    /// - Parameter trees: all documents that were read, whole or not.
    static func apply(_ trees: [SyntaxNode], to sources: inout SourceMap) {
        var spans: [SourceSpan] = []
        for tree in trees { tree.collectSecrets(&spans) }
        for index in sources.files.indices {
            let file = FileID(index)
            for range in sources[file].bytes.withUnsafeBufferPointer({ SecretWords.ranges(in: $0) + comments(in: $0) + SecretWords.passwords(in: $0) }
            ) {
                spans.append(SourceSpan(file, range))
            }
        }
        sources.mask(spans)
    }

    /// Values after names of secrets in what may be a comment: from a `#` after a blank to the end of its line.
    private static func comments(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var index = 0
        while let hash = bytes[index...].firstIndex(of: UInt8(ascii: "#")) {
            index = hash + 1
            guard hash == 0 || [0x20, 0x09, 0x0A, 0x0D].contains(bytes[hash - 1]) else { continue }
            let end = bytes[index...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
            result += SecretScan.ranges(inLine: index..<end, bytes)
            index = end
        }
        return result
    }
}

extension SyntaxNode {
    /// The places of texts under names of secrets, at any depth; names of variables and files are no secrets.
    fileprivate func collectSecrets(_ result: inout [SourceSpan]) {
        switch value {
        case .string(let text):
            if SecretWords.hasArgument(text) { result.append(span) }
        case .sequence(let elements):
            for element in elements { element.collectSecrets(&result) }
            // What follows the flag of a secret in a list of arguments.
            for (flag, argument) in zip(elements, elements.dropFirst()) {
                guard case .string(let name) = flag.value, name.hasPrefix("-"), SecretWords.isName(name), case .string = argument.value else {
                    continue
                }
                result.append(argument.span)
            }
        case .mapping(let entries):
            for entry in entries {
                if SecretWords.hasArgument(entry.key) { result.append(entry.keySpan) }
                if !SecretScan.isSecretName(entry.key) || KeyTable.isPlain(entry.key) {
                    entry.value.collectSecrets(&result)
                } else if !entry.value.isReference {
                    entry.value.collectValues(&result)
                }
            }
        default: break
        }
    }

    /// `{ env: NAME }` and the like.
    private var isReference: Bool {
        guard case .mapping(let entries) = value else { return false }
        return entries.allSatisfy { ["env", "file", "credential"].contains($0.key) || $0.key.hasPrefix("//") } && !entries.isEmpty
    }

    /// The places of all values in it but of `null` and booleans, and of keys: of `{ sk-…: }` the key is the secret.
    private func collectValues(_ result: inout [SourceSpan]) {
        switch value {
        case .string(let text):
            if !SecretWords.isNoSecret(text) { result.append(span) }
        // Short numbers are counts.
        case .integer, .number:
            if span.range.count >= 8 { result.append(span) }
        case .sequence(let elements):
            for element in elements { element.collectValues(&result) }
        case .mapping(let entries):
            for entry in entries {
                if entry.value.isNull { result.append(entry.keySpan) }
                entry.value.collectValues(&result)
            }
        default: break
        }
    }

    private var isNull: Bool { if case .null = value { true } else { false } }
}

extension KeyTable {
    /// Names that contain a word of secrets and hold none: `maxTokens`, `min_tokens_for_cache`.
    private static let plain: Set<String> = Set(
        rows.filter { !$0.spec.isSecret }.flatMap { [$0.spec.name] + $0.spec.aliases }.filter { SecretScan.isSecretName($0) })

    static func isPlain(_ name: String) -> Bool { plain.contains(name) }
}
