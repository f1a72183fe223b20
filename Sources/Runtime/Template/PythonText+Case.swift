import CUTF8Proc
import Glibc

/// Python's methods that change the case of letters, and `expandtabs`.
extension PythonText {
    static func swappedCase(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            let properties = scalar.properties
            result += properties.isUppercase ? properties.lowercaseMapping : properties.isLowercase ? properties.uppercaseMapping : String(scalar)
        }
    }

    /// `str.casefold`.
    static func foldedCase(_ text: String) throws(RuntimeError) -> String {
        let bytes = Array(text.utf8)
        var output: UnsafeMutablePointer<UInt8>?
        let length = utf8proc_map(bytes, bytes.count, &output, utf8proc_option_t(rawValue: UTF8PROC_CASEFOLD.rawValue))
        guard length >= 0, let output else { throw RuntimeError("cannot fold the case of the text: \(String(cString: utf8proc_errmsg(length)))") }
        defer { free(output) }
        return String(decoding: UnsafeBufferPointer(start: output, count: length), as: UTF8.self)
    }

    static func expandedTabs(_ text: String, width: Int) -> String {
        var result = String.UnicodeScalarView()
        var column = 0
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\t":
                let count = width > 0 ? width - column % width : 0
                result.append(contentsOf: repeatElement(" ", count: count))
                column += count
            case "\n", "\r":
                result.append(scalar)
                column = 0
            default:
                result.append(scalar)
                column += 1
            }
        }
        return String(result)
    }
}
