import Glibc

/// The generations of an instance on the disk, for whoever reads them: only the supervisor that has the lock writes.
///
///     generations/<n>   `Generation`
///     current           a link to the generation that is current
package struct GenerationFolder: Sendable {
    private let state: String

    /// - Parameter state: the instance's state directory.
    package init(state: String) { self.state = state }

    package func path(_ number: Int) -> String { "\(state)/generations/\(number)" }
    package var link: String { "\(state)/current" }

    package var numbers: [Int] { Folder.names(in: "\(state)/generations").compactMap(Int.init).sorted() }

    /// Nil where there is none.
    package func read(_ number: Int) throws(OperationError) -> Generation? {
        guard let bytes = try AtomicFile.read(path(number)) else { return nil }
        return try decode(bytes, path(number))
    }

    /// The number that `current` links to.
    package var currentNumber: Int? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(link, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let target = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return target.split(separator: "/").last.flatMap { Int($0) }
    }

    /// Nil where nothing was ever applied.
    ///
    /// - Throws: where the current one is not there, or damaged.
    package func current() throws(OperationError) -> Generation? {
        guard let number = currentNumber else { return nil }
        guard let generation = try read(number) else {
            throw OperationError(
                "\(link) names generation \(number), which is not there", hint: "`anyclaude apply` makes a new one", exitCode: 74)
        }
        return generation
    }
}
