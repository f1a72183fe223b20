import Diagnostics
import JSON
import LaunchPlan

/// Holds a tree against the table of keys. Each fault is said once, at its root, and checking goes on around it.
struct Checker {
    let sources: SourceMap
    private(set) var diagnostics: [Diagnostic] = []
    /// Places that must not be shown.
    private(set) var masks: [SourceSpan] = []
    /// The whole file, for what a finding has to say about another part of it.
    private(set) var root: SyntaxNode?

    init(sources: SourceMap) { self.sources = sources }

    /// Beyond this, a file is no configuration with mistakes; more findings would only cost time.
    static let maximumFindings = 1000

    /// Whether nothing more is reported; what comes in floods asks, and spares the words.
    var isFull: Bool { diagnostics.count >= Self.maximumFindings }

    mutating func report(_ diagnostic: Diagnostic) {
        if !isFull { diagnostics.append(diagnostic) }
    }
    mutating func mask(_ span: SourceSpan) { masks.append(span) }

    /// The whole file; nil where it is not a mapping at all.
    mutating func file(_ node: SyntaxNode) -> Section? {
        guard case .mapping = node.value else {
            report(
                Diagnostic(
                    .notAMapping, "a configuration is a mapping, found \(node.typeName)", at: shortened(node.span), label: "not a mapping",
                    notes: ["`backend: claude` alone is a whole configuration"], path: ""))
            return nil
        }
        root = node
        return section(node, FileKeys.scope, Place())
    }

    /// A mapping of known keys. What is wrong in it is reported and left out.
    mutating func section(_ node: SyntaxNode, _ scope: Scope, _ place: Place) -> Section? {
        var section = Section(scope, span: node.span)
        let entries: [SyntaxEntry]
        switch node.value {
        case .mapping(let own): entries = own
        // `claude:` without a value is an empty section, as `claude: {}`.
        case .null: entries = []
        default:
            let known = scope.keys.filter { $0.unused == nil && $0.deprecatedBy == nil }.map { "`\($0.name)`" }
            let shown = known.prefix(8).joined(separator: ", ") + (known.count > 8 ? ", …" : "")
            wrongType("a mapping", node, place, notes: ["keys of \(scope.name) are \(shown)"])
            return nil
        }
        var seen: [String: SyntaxEntry] = [:]
        for entry in entries where !entry.isRemark {
            guard let spec = scope.key(entry.key) else {
                if !isFull {
                    unknownKey(entry, scope, node, place)
                } else if SecretScan.isSecretName(entry.key) {
                    for span in entry.value.textSpans { mask(span) }
                }
                continue
            }
            if let first = seen[spec.name] {
                // The same spelling twice is found in the tree.
                if first.key != entry.key { report(SyntaxNode.duplicate(spec.name, first: first, again: entry)) }
                if spec.isSecret { for span in entry.value.textSpans { mask(span) } }
                continue
            }
            seen[spec.name] = entry
            let inner = place.child(entry.key, entry.keySpan)
            advise(spec, entry, node, inner)
            if let value = value(entry.value, spec, inner) {
                section.set(spec.name, Checked(value: value, origin: .file(entry.value.span), keySpan: entry.keySpan))
            } else {
                section.setFaulty(spec.name)
            }
        }
        for spec in scope.keys where spec.isRequired && seen[spec.name] == nil {
            report(
                Diagnostic(
                    .missingKey, "`\(spec.name)` is missing in \(scope.name)", at: shortened(node.span), label: "needs `\(spec.name)`",
                    notes: [spec.doc], path: place.pointer))
        }
        return section
    }

    private mutating func advise(_ spec: KeySpec, _ entry: SyntaxEntry, _ node: SyntaxNode, _ place: Place) {
        if let newer = spec.deprecatedBy {
            let path = newer.split(separator: ".").map(String.init)
            let isBeaten = root.flatMap { FileKeys.scope.node(at: path, below: 0, in: $0) } != nil
            report(
                Diagnostic(
                    .deprecatedKey, "`\(entry.key)` is deprecated: write `\(newer)`", at: entry.keySpan,
                    label: isBeaten ? "not used: `\(newer)` goes before it" : "still works",
                    fixes: [nesting(entry, in: node, under: path, .safe)].compactMap { $0 }, path: place.pointer))
        }
        if let unused = spec.unused, !unused.inert.contains(entry.value.json) {
            report(
                Diagnostic(
                    .unusedKey, "`\(entry.key)` changes nothing here: \(unused.reason)", at: entry.keySpan, label: "not used", path: place.pointer))
        }
    }

    /// A value of the key's type; nil where it was reported.
    mutating func value(_ node: SyntaxNode, _ spec: KeySpec, _ place: Place) -> CheckedValue? {
        switch spec.type {
        case .boolean: return boolean(node, place)
        case .integer(let range): return integer(node, range, place).map { .integer($0) }
        case .decimal(let range): return decimal(node, range, place).map { .decimal($0) }
        case .milliseconds(let range):
            if case .integer = node.value { return integer(node, range, place).map { .milliseconds($0) } }
            return text(node, spec, place)
        case .string, .prose, .choice, .duration, .size, .path, .url, .host, .name, .httpPath: return text(node, spec, place)
        case .processors: return processors(node, spec, place)
        case .names: return names(node, place)
        case .texts: return texts(node, place)
        case .secret: return spec.isRequired ? requiredSecret(node, place) : secret(node, place)
        case .arguments: return arguments(node, place)
        case .variables: return variables(node, place)
        case .members: return members(node, place)
        case .section(let scope): return section(node, scope, place).map { .section($0) }
        case .list(let scope): return list(node, scope, place)
        case .named(let scope): return named(node, scope, place)
        case .optional(let scope):
            if case .string("none") = node.value { return CheckedValue.none }
            guard let section = section(node, scope, place) else { return nil }
            return probe(section, place) ? .section(section) : nil
        case .files, .anything: return nil
        }
    }

    private mutating func list(_ node: SyntaxNode, _ scope: Scope, _ place: Place) -> CheckedValue? {
        guard case .sequence(let elements) = node.value else {
            wrongType("a list", node, place)
            return nil
        }
        guard isBounded(elements.count, node, place) else { return nil }
        // One that is at fault keeps its place, so that the places of those behind it are the file's.
        return .list(elements.enumerated().map { index, element in section(element, scope, place.child(String(index))) ?? Section(scope) })
    }

    private mutating func named(_ node: SyntaxNode, _ scope: Scope, _ place: Place) -> CheckedValue? {
        if case .null = node.value { return .named(NamedSections()) }
        guard case .mapping(let entries) = node.value else {
            wrongType("a mapping of names", node, place)
            return nil
        }
        guard isBounded(entries.count, node, place) else { return nil }
        var result = NamedSections()
        var names: Set<String> = []
        for entry in entries where !entry.isRemark && names.insert(entry.key).inserted {
            let inner = place.child(entry.key, entry.keySpan)
            if backendName(entry, inner), let section = section(entry.value, scope, inner) {
                result.elements.append(.init(name: entry.key, nameSpan: entry.keySpan, section: section))
            } else {
                result.broken.insert(entry.key)
            }
        }
        return .named(result)
    }

    /// Backends and routes are compared with one another; no machine has a thousand of them.
    static let maximumElements = 1000

    mutating func isBounded(_ count: Int, _ node: SyntaxNode, _ place: Place) -> Bool {
        if count <= Self.maximumElements { return true }
        report(
            Diagnostic(
                .tooLarge, "`\(place.name)` has \(count) members, more than \(Self.maximumElements)", at: shortened(node.span), label: "too many",
                path: place.pointer))
        return false
    }

    private mutating func backendName(_ entry: SyntaxEntry, _ place: Place) -> Bool {
        if entry.key == "mlx-cluster" {
            report(
                Diagnostic(
                    .unsupportedKind, "`mlx-cluster` is not built here", at: entry.keySpan, label: "this kind of backend",
                    notes: ["write each node as a backend with its own name, `kind: vllm-mlx` and `baseUrl`, and lead to them with `routes`"],
                    path: place.pointer))
            return false
        }
        if SecretWords.isIn(entry.key) {
            reportSecret(
                "the name of a backend looks like a secret", SyntaxNode(.string(entry.key), at: entry.keySpan), place, label: "a name is meant",
                notes: ["the plan would hold it in clear text"])
            return false
        }
        do throws(ValueFault) {
            _ = try TextValue.name(entry.key)
            // A service's name is that of its log too.
            if ["proxy", "supervisor"].contains(entry.key) {
                throw ValueFault(.badName, "is taken: it is the \(entry.key)'s own", notes: ["call the backend by another name"])
            }
            return true
        } catch {
            let notes = error.notes + (error.replacement.map { ["as `\($0.text)`; `backend` and `routes` call it by its name"] } ?? [])
            report(
                Diagnostic(
                    error.code, "`\(entry.key.prefix(64))` \(error.message)", at: entry.keySpan, label: "this name", notes: notes,
                    path: place.pointer))
            return false
        }
    }

    private mutating func probe(_ section: Section, _ place: Place) -> Bool {
        let checks = [section.field(ProbeKeys.http), section.field(ProbeKeys.tcp), section.field(ProbeKeys.exec)].compactMap { $0 }
        guard checks.count > 1, let first = checks[0].keySpan, let second = checks[1].keySpan else { return true }
        report(
            Diagnostic(
                .badProbe, "a probe asks one thing", at: second, label: "a second question", secondary: [.init(first, "the first")],
                notes: ["keep one of `http`, `tcp` and `exec`"],
                path: place.pointer))
        return false
    }

    /// The first line of a place: frames of whole mappings say little.
    func shortened(_ span: SourceSpan) -> SourceSpan {
        let source = sources[span.file]
        let end = source.lineRange(source.lineIndex(of: min(span.start, source.bytes.count))).upperBound
        return SourceSpan(span.file, span.start..<max(span.start, min(span.end, end)))
    }
}

/// Where in the file the checker is, as a JSON Pointer.
struct Place {
    private(set) var components: [String] = []
    /// The last component's own place, where it is a key.
    private(set) var keySpan: SourceSpan?

    func child(_ name: String, _ keySpan: SourceSpan? = nil) -> Place {
        var copy = self
        copy.components.append(name)
        copy.keySpan = keySpan
        return copy
    }

    var pointer: String {
        var bytes: [UInt8] = []
        for name in components {
            bytes.append(UInt8(ascii: "/"))
            for byte in name.utf8 {
                switch byte {
                case UInt8(ascii: "~"): bytes += "~0".utf8
                case UInt8(ascii: "/"): bytes += "~1".utf8
                default: bytes.append(byte)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// As messages name the value.
    var name: String { components.last ?? "the file" }
}
