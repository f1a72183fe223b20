import LaunchPlan

/// What a plan names below /tmp and /var/tmp, of which a service with a dynamic user has folders of its own, whatever its unit says.
enum TemporaryPlaces {
    private static let folders = ["/tmp", "/var/tmp"]

    /// What the service has to be shown of the machine's: the whole of what is directly below, since a program finds its parts beside it.
    ///
    /// - Parameter written: folders that the service makes and writes to; those may as well be in its own /tmp.
    static func shown(to context: SystemdService, writing written: [String]) throws(EmitError) -> [String] {
        var shown: Set<String> = []
        for path in try context.mentionedPaths() where !written.contains(where: { Hardening.isBelow(path, $0) }) {
            for folder in folders where path.hasPrefix(folder + "/") {
                shown.insert("\(folder)/\(path.dropFirst(folder.utf8.count + 1).prefix { $0 != "/" })")
            }
        }
        return shown.sorted()
    }

    /// The folders among `written` that are gone with the service.
    static func lost(of written: [String]) -> [String] {
        written.filter { path in folders.contains { Hardening.isBelow(path, $0) } }
    }
}
