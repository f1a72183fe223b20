import Glibc

/// What every service starts with.
package enum ServiceEnvironment {
    /// All that a service knows of the environment that the supervisor, or whoever asks for it, has.
    package static var clean: [String: String] {
        var environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
        for name in ["PATH", "HOME", "LANG", "TZ", "USER"] {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        return environment
    }
}
