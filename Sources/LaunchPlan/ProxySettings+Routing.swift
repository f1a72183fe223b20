extension ProxySettings.Route {
    /// Whether the client's model id is one that the route takes; letters count as they are written.
    public func takes(model id: String) -> Bool {
        guard let model else { return true }
        return globMatches(Array(model.unicodeScalars), Array(id.unicodeScalars))
    }
}

extension ProxySettings {
    /// The backend that a request for the client's model id `model` goes to; nil where the plan names one that it does not have.
    public func backend(forModel model: String) -> Backend? {
        let name = routes.first { $0.takes(model: model) }?.to ?? defaultBackend
        return backends.first { $0.name == name }
    }
}

/// Whether `text` is matched by `pattern`, in which `*` is any run and `?` any one. At most quadratic: only the last `*` is tried again.
private func globMatches(_ pattern: [UnicodeScalar], _ text: [UnicodeScalar]) -> Bool {
    var (p, t) = (0, 0)
    var lastStar: (pattern: Int, text: Int)?
    while t < text.count {
        if p < pattern.count, pattern[p] == "*" {
            lastStar = (p, t)
            p += 1
        } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
            p += 1
            t += 1
        } else if let star = lastStar {
            lastStar = (star.pattern, star.text + 1)
            p = star.pattern + 1
            t = star.text + 1
        } else {
            return false
        }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
}
