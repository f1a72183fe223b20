import Diagnostics

/// Reads a configuration and everything that it includes, into one tree.
struct Inclusion {
    static let maximumFiles = 32
    static let maximumDepth = 8
    static let maximumBytes = 4 << 20

    /// A file that is being read, and the place that asked for it.
    private struct Opened {
        let path: IncludePath
        let place: SourceSpan?
    }

    private let reader: IncludeReader
    /// What stands before a path of the root's folder in messages.
    private let prefix: String
    private var chain: [Opened] = []
    private var trees: [IncludePath: SyntaxNode?] = [:]
    private var count = 0
    private var totalBytes = 0
    private var merging = TreeMerge()
    /// The values of files that other files' values went before.
    var replaced: [TreeMerge.Replaced] { merging.replaced }
    private(set) var sources = SourceMap()
    /// All documents of all files as they were read.
    private(set) var documents: [SyntaxNode] = []
    private(set) var diagnostics: [Diagnostic] = []

    init(reader: IncludeReader, root: String) {
        self.reader = reader
        prefix = root.lastIndex(of: "/").map { String(root[...$0]) } ?? ""
        chain = [Opened(path: IncludePath(root: String(root.dropFirst(prefix.count))), place: nil)]
    }

    /// The tree of the root with everything merged; nil where the root itself cannot be read.
    mutating func tree(of root: SourceFile) -> SyntaxNode? {
        totalBytes = root.bytes.count
        guard let tree = parse(root) else { return nil }
        let whole = resolve(tree)
        sources.mask(merging.masks)
        return whole
    }

    private mutating func parse(_ source: SourceFile) -> SyntaxNode? {
        let file = sources.add(path: source.path, bytes: source.bytes)
        let syntax = SyntaxTree.documents(of: source.bytes, file: file, format: SourceFormat(path: source.path))
        diagnostics += syntax.diagnostics
        documents += syntax.documents
        if syntax.documents.isEmpty || syntax.diagnostics.hasErrors {
            sources.mask(SecretScan.ranges(in: source.bytes).map { SourceSpan(file, $0) })
        }
        guard let tree = syntax.documents.first else {
            if !syntax.diagnostics.hasErrors { diagnostics.append(SyntaxTree.empty(file)) }
            return nil
        }
        if syntax.documents.count > 1 {
            let second = syntax.documents[1].span
            diagnostics.append(
                Diagnostic(
                    .severalDocuments, "the file has \(syntax.documents.count) documents",
                    at: SourceSpan(file, second.start..<min(second.end, second.start + 1)),
                    label: "the second begins here",
                    notes: ["`---` begins a document: keep one, or `include` the other one as a file of its own"]))
        }
        diagnostics += tree.duplicateKeys()
        return tree
    }

    /// A tree with what it includes: of two included files, the later one goes before the earlier one.
    private mutating func resolve(_ tree: SyntaxNode) -> SyntaxNode {
        guard case .mapping(let entries) = tree.value, let include = entries.first(where: { $0.isNamed(FileKeys.include.name) }) else { return tree }
        var result = tree
        result.value = .mapping(entries.filter { !$0.isNamed(FileKeys.include.name) })
        guard case .sequence(let elements) = include.value.value else {
            report(include.value, "`include` needs a list of paths, found \(include.value.typeName)", code: .wrongType)
            return result
        }
        var others: [SyntaxNode] = []
        for (position, element) in elements.enumerated() {
            guard position < Self.maximumFiles else {
                tooMany(element)
                break
            }
            guard case .string(let text) = element.value else {
                report(element, "`include` needs paths, found \(element.typeName)", code: .wrongType)
                continue
            }
            if let other = included(text, element) { others.append(other) }
        }
        for other in others.reversed() { result = merging.merge(result, over: other) }
        return result
    }

    private mutating func included(_ text: String, _ element: SyntaxNode) -> SyntaxNode? {
        let shown = text.count > 80 ? "\(text.prefix(80))…" : text
        let path: IncludePath
        do throws(ValueFault) {
            path = try IncludePath(text, in: chain.last?.path.folder ?? [])
        } catch {
            report(element, "`\(shown)` \(error.message)", notes: ["a path below the folder of the first file, relative to the file that includes"])
            return nil
        }
        if let start = chain.firstIndex(where: { $0.path == path }) {
            reportCycle(from: start, path, element)
            return nil
        }
        guard count < Self.maximumFiles else {
            tooMany(element)
            return nil
        }
        count += 1
        guard chain.count <= Self.maximumDepth else {
            report(element, "`\(shown)` is included more than \(Self.maximumDepth) files deep")
            return nil
        }
        if let known = trees[path] { return known }
        let tree = read(path, element).map { source -> SyntaxNode? in
            guard let tree = parse(source) else { return nil }
            guard case .mapping = tree.value else {
                report(tree, "an included file is a mapping, found \(tree.typeName)", code: .notAMapping, notes: [])
                return nil
            }
            chain.append(Opened(path: path, place: element.span))
            defer { chain.removeLast() }
            return resolve(tree)
        }
        trees[path] = .some(tree ?? nil)
        return tree ?? nil
    }

    /// Said once.
    private mutating func tooMany(_ element: SyntaxNode) {
        if count <= Self.maximumFiles { report(element, "more than \(Self.maximumFiles) files are included") }
        count = Self.maximumFiles + 1
    }

    private mutating func read(_ path: IncludePath, _ element: SyntaxNode) -> SourceFile? {
        do throws(ConfigFileError) {
            let bytes = try reader.read(path.components, ConfigurationFile.defaultMaximumBytes)
            totalBytes += bytes.count
            guard totalBytes <= Self.maximumBytes else {
                report(element, "all files together have more than \(Self.maximumBytes) bytes")
                return nil
            }
            return SourceFile(path: prefix + path.text, bytes: bytes)
        } catch {
            report(element, error.message, notes: [error.hint])
            return nil
        }
    }

    private mutating func report(_ node: SyntaxNode, _ message: String, code: DiagnosticCode = .badInclude, notes: [String] = []) {
        let span = node.alias ?? node.span
        let source = sources[span.file]
        let line = source.lineRange(source.lineIndex(of: span.start)).upperBound
        diagnostics.append(
            Diagnostic(code, message, at: SourceSpan(span.file, span.start..<max(span.start, min(span.end, line))), label: "here", notes: notes))
    }

    private mutating func reportCycle(from start: Int, _ path: IncludePath, _ element: SyntaxNode) {
        let names = chain[start...].map { "`\($0.path.text)`" } + ["`\(path.text)`"]
        diagnostics.append(
            Diagnostic(
                .includeCycle, "files include each other in a circle", at: element.alias ?? element.span,
                label: "`\(path.text)` is being read already",
                secondary: chain[start...].dropFirst().compactMap { opened in
                    opened.place.map { Diagnostic.Secondary($0, "`\(opened.path.text)` is included here") }
                }, notes: ["the chain is \(names.joined(separator: " → "))"]))
    }
}
