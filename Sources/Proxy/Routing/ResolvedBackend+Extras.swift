import JSON
import LaunchPlan

extension ProxySettings.Extras {
    /// Members of each request to the backend.
    ///
    /// - Throws: where the text of the settings is no JSON object.
    func members(of backend: String) throws(ProxyError) -> JSONObject {
        var members: JSONObject = [:]
        members["provider"] = provider?.json
        if let models { members["models"] = .array(models.map(JSON.string)) }
        if let ttlSeconds { members["ttl"] = .integer(ttlSeconds) }
        guard let body else { return members }
        guard let object = (try? JSON(parsing: body))?.objectValue else {
            throw ProxyError("the extra members of backend `\(backend)` are no JSON object")
        }
        for member in object.members { members[member.key] = member.value }
        return members
    }

    var headers: [(name: String, value: String)] {
        [("HTTP-Referer", siteURL), ("X-Title", siteTitle)].compactMap { name, value in value.map { (name, $0) } }
    }
}

extension ProxySettings.Provider {
    fileprivate var json: JSON {
        func list(_ texts: [String]?) -> JSON? { texts.map { .array($0.map(JSON.string)) } }
        var object: JSONObject = [:]
        object["order"] = list(order)
        object["only"] = list(only)
        object["ignore"] = list(ignore)
        object["quantizations"] = list(quantizations)
        object["allow_fallbacks"] = allowFallbacks.map(JSON.bool)
        object["require_parameters"] = requireParameters.map(JSON.bool)
        object["zdr"] = zdr.map(JSON.bool)
        object["data_collection"] = dataCollection.map { .string($0.rawValue) }
        object["sort"] = sort.map { .string($0.rawValue) }
        return .object(object)
    }
}
