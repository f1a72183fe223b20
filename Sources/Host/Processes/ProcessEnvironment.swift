@preconcurrency import Glibc

/// The variables of this process.
package enum ProcessEnvironment {
    /// Read anew each time; not while another thread changes them.
    package static var current: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.firstIndex(of: "=") { variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...]) }
            entry += 1
        }
        return variables
    }
}
