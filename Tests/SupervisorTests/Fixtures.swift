import HostFixtures
import LaunchPlan

@testable import Supervisor

/// Small targets for tests.
extension Fixture {
    static func machine(_ service: Service) -> ServiceMachine { ServiceMachine(service: service, seed: 1) }

    static func wanted(_ service: Service) -> Change.Wanted { Change.Wanted(service: service, identity: "\(service.name)/\(service.argv)") }

    static func target(_ services: Service..., probationMs: Int = 1000) -> Change.Target {
        target(services, probationMs: probationMs)
    }

    static func target(_ services: [Service], probationMs: Int = 1000, budget: Int? = nil) -> Change.Target {
        Change.Target(services: services.map(wanted), probationMs: probationMs, memoryBudgetBytes: budget)
    }
}
