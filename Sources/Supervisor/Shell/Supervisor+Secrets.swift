import Control
import Glibc
import Host
import LaunchPlan

/// Secrets in files that change while the stack runs: the services that use them are replaced, as an apply would.
extension Supervisor {
    /// After each change of what is current.
    func watchSecretFiles() {
        guard let plan, let generation else { return }
        let roots = PlanPath.Bindings(named: generation.bindings)
        var folders: Set<String> = []
        for path in Self.secretFiles(of: plan) {
            guard let file = try? resolve(path, roots) else { continue }
            // Where it is, and where a link leads.
            for place in [
                file,
                realpath(file, nil).map { pointer in
                    defer { free(pointer) }
                    return String(cString: pointer)
                },
            ] {
                if let place, let slash = place.lastIndex(of: "/"), slash != place.startIndex { folders.insert(String(place[..<slash])) }
            }
        }
        for (folder, code) in secretFiles.watch(folders).sorted(by: { $0.key < $1.key }) {
            log.write(.warning, "a new secret in \(folder) is not noticed before the next apply: \(errorText(code))")
        }
    }

    private static func secretFiles(of plan: LaunchPlan) -> Set<PlanPath> {
        Set(plan.services.flatMap(\.secretReferences).compactMap { if case .file(let path) = $0 { path } else { nil } })
    }

    /// Once for all that is written together.
    func checkSecretsSoon() {
        guard secretCheck == nil else { return }
        secretCheck = loop.schedule(at: EventLoop.now + Self.secretPauseMs) { [unowned self] in
            self.secretCheck = nil
            self.checkSecrets()
        }
    }

    static let secretPauseMs = 200

    private func checkSecrets() {
        guard !isEnding, let plan, let generation else { return }
        guard session == nil, core.change == nil else {
            secretsMayHaveChanged = true
            return
        }
        let making = making(generation)
        let roots = PlanPath.Bindings(named: generation.bindings)
        do throws(OperationError) {
            // Half a change is none: what cannot be read yet is read when it is there.
            for path in Self.secretFiles(of: plan) { _ = try SecretStore.contents(of: path, roots) }
            let fallback = try fallback()
            let target = try target(plan, making)
            guard target != fallback, let session = begin(.apply, user: Self.userName(geteuid()), command: "a secret's file changed", nil) else {
                return
            }
            session.plan = plan
            session.generation = generation
            let names = zip(target.services, fallback.services).filter { $0.identity != $1.identity }.map(\.0.service.name)
            log.write(.notice, "a secret changed: replacing \(names.joined(separator: ", "))")
            handle(.begin(Change.Request(kind: .apply, target: target, fallback: fallback)))
        } catch {
            log.write(.warning, "a secret's file changed and is not used: \(error.message)")
        }
    }
}
