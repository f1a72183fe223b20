import Diagnostics

extension SourceFile {
    /// The text with everything masked that is a secret to the compiler, or looks like one: for output that quotes whole lines.
    ///
    /// - Parameter secrets: texts that must not be shown wherever they stand, in comments too; those of less than four bytes only where
    ///   they are values, since they stand in other words as well.
    public func shown(hiding secrets: [String] = []) -> SourceText {
        var text = SourceText(path: path, bytes: bytes)
        let compiled = Compiler.compile(CompilerInput(file: self)).sources.files.first
        for mask in (compiled?.masks ?? []) + SecretScan.ranges(in: bytes) { text.mask(mask) }
        for secret in secrets where secret.utf8.count >= 4 {
            for place in bytes.ranges(of: Array(secret.utf8)) { text.mask(place) }
        }
        return text
    }
}
