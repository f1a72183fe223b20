import Control
import LaunchPlan

extension Instance {
    /// The roots of this machine, by name: the caller knows its own, the instance the rest.
    package func bound(_ caller: [String: String]) -> [String: String] {
        var bindings = caller
        bindings[PlanPath.Root.state.rawValue] = state
        bindings[PlanPath.Root.cache.rawValue] = cache
        bindings[PlanPath.Root.logs.rawValue] = logs
        bindings[PlanPath.Root.runtime.rawValue] = runtime
        return bindings
    }
}

extension [PlanPath.Root: String] {
    /// What names no root is left out.
    package init(named bindings: [String: String]) {
        self = Dictionary(uniqueKeysWithValues: bindings.compactMap { key, value in PlanPath.Root(rawValue: key).map { ($0, value) } })
    }
}

/// Where a path of a plan is on this machine.
///
/// - Throws: exit code 78 where its root is not bound.
package func resolve(_ path: PlanPath, _ bindings: PlanPath.Bindings) throws(OperationError) -> String {
    do throws(PlanPath.UnboundRoot) { return try path.resolved(bindings) } catch { throw OperationError(error.description, exitCode: 78) }
}
