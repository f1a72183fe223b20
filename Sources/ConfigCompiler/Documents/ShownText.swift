import Diagnostics

extension SourceFile {
    /// The text with everything masked that is a secret to the compiler, or looks like one: for output that quotes whole lines.
    ///
    /// - Parameter secrets: texts that must not be shown wherever they stand, in comments too; those of less than four bytes only where
    ///   they are values, since they stand in other words as well.
    public func shown(hiding secrets: [String] = []) -> SourceText {
        var text = Compiler.compile(CompilerInput(file: self)).hiddenSources.files.first ?? SourceText(path: path, bytes: bytes)
        for secret in secrets where secret.utf8.count >= 4 { text.mask(bytes.ranges(of: Array(secret.utf8))) }
        return text
    }
}
