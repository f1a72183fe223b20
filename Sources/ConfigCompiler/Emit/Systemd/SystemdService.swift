import JSON
import LaunchPlan

/// One service of a plan on its way to a unit: where its things are on the machine, and what has to be said about it.
struct SystemdService {
    let service: Service
    let plan: LaunchPlan
    let bindings: SystemdBindings
    let names: SystemdNames
    let roots: PlanPath.Bindings
    /// Where generated files are, instead of where the supervisor would write them.
    private let generated: [PlanPath: String]

    init(_ service: Service, plan: LaunchPlan, bindings: SystemdBindings, names: SystemdNames) throws(EmitError) {
        self.service = service
        self.plan = plan
        self.bindings = bindings
        self.names = names
        roots = bindings.roots(names, service: service.name)
        var generated: [PlanPath: String] = [:]
        for file in service.files {
            let name = PathText.lastComponent(file.path.description)
            guard !generated.values.contains("\(bindings.configurationFolder)/\(service.name)/\(name)") else {
                throw EmitError(
                    "two files of \(service.name) are called \(name)", hint: "this is a defect of anyclaude, or the plan was made by hand")
            }
            generated[file.path] = "\(bindings.configurationFolder)/\(service.name)/\(name)"
        }
        self.generated = generated
    }

    /// A program of ours is told its settings; any other gets its arguments and variables alone.
    var isOurs: Bool { service.settings != nil }

    func path(_ path: PlanPath) throws(EmitError) -> String {
        if let file = generated[path] { return file }
        // The folder of generated files is told too, where a program looks for them by itself.
        if generated.keys.contains(where: { $0 == path.appending(PathText.lastComponent($0.description)) }) {
            return "\(bindings.configurationFolder)/\(service.name)"
        }
        do throws(PlanPath.UnboundRoot) {
            return Self.normalised(try path.resolved(roots))
        } catch {
            throw EmitError("\(error)", hint: "this is a defect of anyclaude")
        }
    }

    /// - Parameter place: where a secret would be seen, for messages.
    func text(_ value: PlanValue, _ place: String) throws(EmitError) -> String {
        switch value {
        case .text(let text):
            guard !text.utf8.contains(0) else { throw EmitError("\(place) of \(service.name) has a NUL character", hint: "take it away") }
            return text
        case .path(let path): return try self.path(path)
        case .secret:
            throw EmitError("\(place) of \(service.name) would show a secret to everybody", hint: "give it in a variable of the service")
        case .joined(let parts):
            var result = ""
            for part in parts { result += try text(part, place) }
            return result
        }
    }

    /// Without `.`, `..` and double slashes, which systemd refuses in some places. The folder of the configuration has no links.
    private static func normalised(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The settings document and generated files.
    func files() throws(EmitError) -> [EmittedFile] {
        var files: [EmittedFile] = []
        if let settings = service.settings {
            files.append(EmittedFile(path: settingsPath, text: try EmittedSettings(self).document(settings)))
        }
        for file in service.files {
            let path = try self.path(file.path)
            var contents = ""
            for part in file.contents { contents += try text(part, "the file \(path)") }
            files.append(EmittedFile(path: path, text: marked(contents, path)))
        }
        return files
    }

    var settingsPath: String { "\(bindings.configurationFolder)/\(service.name).settings.json" }

    /// With the marker in front, where the file's syntax has such remarks.
    private func marked(_ contents: String, _ path: String) -> String {
        let hasRemarks = [".yaml", ".yml", ".toml", ".conf", ".cfg", ".ini", ".py"].contains { path.hasSuffix($0) }
        return hasRemarks ? "# \(EmitMarker.line("systemd", instance: plan.instance))\n\(contents)" : contents
    }

    /// All paths that the service is told, and programs that were found for it.
    func mentionedPaths() throws(EmitError) -> [String] {
        var paths: [String] = []
        for case .text(let name)? in ([service.argv] + questions).map(\.first) {
            if let path = bindings.programs[name] { paths.append(path) }
        }
        for path in planPaths { paths.append(try self.path(path)) }
        return paths
    }

    /// Whether something is below `~`.
    var mentionsHome: Bool {
        planPaths.contains { if case .rooted(.home, _) = $0 { true } else { false } }
    }

    /// The command lines of probes at the start.
    private var questions: [[PlanValue]] {
        [service.probes.startup, service.probes.readiness].compactMap { probe in
            if case .exec(let argv)? = probe?.check { argv } else { nil }
        }
    }

    private var planPaths: [PlanPath] {
        let values = service.argv + service.environment.values + questions.flatMap(\.self)
        let places = [.rooted(.bin, "")] + (service.directory.map { [$0] } ?? []) + (isOurs ? [] : [.rooted(.config, "")])
        return places + values.flatMap(Self.paths) + (service.settings.map(Self.paths) ?? [])
    }

    private static func paths(in value: PlanValue) -> [PlanPath] {
        switch value {
        case .text(let text): [text[...], text.drop { $0 != "=" }.dropFirst()].filter { $0.hasPrefix("/") }.prefix(1).map { .absolute(String($0)) }
        case .path(let path): [path]
        case .secret: []
        case .joined(let parts): parts.flatMap(paths)
        }
    }

    private static func paths(in json: JSON) -> [PlanPath] {
        switch json {
        case .string(let text): return text.hasPrefix("/") ? [.absolute(text)] : []
        case .array(let elements): return elements.flatMap(paths)
        case .object(let object):
            if object.count == 2, object["root"] != nil, let rooted: PlanPath = try? json.decode() { return [rooted] }
            return object.members.flatMap { paths(in: $0.value) }
        default: return []
        }
    }
}
