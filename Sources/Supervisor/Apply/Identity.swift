import Crypto
import Host
import JSON
import LaunchPlan

/// What decides whether a running service is the wanted one: its part of the plan, where the roots are, and its secrets.
enum Identity {
    static func of(_ service: Service, _ making: Making) throws(OperationError) -> String {
        let digest: String
        do { digest = try service.digest() } catch { throw OperationError("cannot hash the service \(service.name): \(error)", exitCode: 70) }
        let bound = hexadecimal(
            SHA256.hash(data: JSON.object(JSONObject(making.bindings.map { .init(key: $0.key, value: .string($0.value)) })).canonicalBytes))
        return "\(digest) \(bound) \(try making.secrets.fingerprint(service.secretReferences, PlanPath.Bindings(named: making.bindings)))"
    }
}
