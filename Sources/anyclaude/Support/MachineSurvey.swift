import ConfigCompiler
import Control
import Glibc
import Host
import JSON

/// Looks at the machine for `init`. Nothing is changed, and no value of a key is kept.
struct MachineSurvey {
    let caller: Caller

    private static let searchMs = 2000
    /// It is on this machine: it answers at once, or it is not there.
    private static let answerMs = 400
    private static let mostModels = 100

    /// - Returns: with whether there were more folders than the search for models looks at.
    func look() -> (machine: Machine, isCut: Bool) {
        var search = ModelSearch(caller: caller, milliseconds: Self.searchMs)
        search.run()
        var programs: [String: String] = [:]
        for name in Machine.knownPrograms { programs[name] = Paths.onPath(name, caller.environment) }
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let machine = Machine(
            models: search.models, lmStudio: lmStudio(), programs: programs,
            keys: Set(Machine.knownKeys.filter { !(caller.environment[$0] ?? "").isEmpty }), cores: cores > 0 ? cores : nil,
            memoryBytes: ProcFS.memoryTotal,
            configurations: ConfigurationFile.names.filter(Paths.exists))
        return (machine, search.isCut)
    }

    private func lmStudio() -> [String]? {
        let client = HTTPClient(host: "127.0.0.1", port: 1234)
        guard let document = try? client.document(.get("/v1/models"), by: .after(milliseconds: Self.answerMs)),
            let list = document["data"]?.arrayValue
        else { return nil }
        return list.prefix(Self.mostModels).compactMap { $0["id"]?.stringValue }.filter { !$0.isEmpty && $0.utf8.count <= 256 }
    }
}
