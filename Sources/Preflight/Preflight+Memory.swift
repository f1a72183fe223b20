import Checkpoint
import Host
import LaunchPlan

/// The memory of all services of a plan, as far as it can be known before they run.
extension Preflight {
    /// Nil where no service of the plan is asked about its memory, or where the machine does not tell its own.
    func admission(_ plan: LaunchPlan) -> MemoryAdmission? {
        let shares = plan.preflight.compactMap { check -> MemoryShare? in
            guard case .memory(let model, let contextTokens, let slots, let limit, let reading) = check.requirement else { return nil }
            if reading == .files { return foreign(check.service, model, contextTokens, slots, limit) }
            return native(check.service, model, contextTokens, slots, limit)
        }
        guard !shares.isEmpty else { return nil }
        let budget = plan.memoryBudgetBytes.map { MachineMemory(bytes: $0, bound: .budget) }
        guard let allowed = [budget, machine].compactMap({ $0 }).min(by: { $0.bytes < $1.bytes }) else { return nil }
        let doubled = plan.services.filter { $0.role == .worker && $0.replace == .overlap }.map(\.name)
        let onDemand = Set(plan.services.filter { $0.idle != nil }.map(\.name))
        return MemoryAdmission(shares, doubled: Set(doubled), onDemand: onDemand, allowedBytes: allowed.bytes, bound: allowed.bound)
    }

    private func native(_ service: String, _ model: PlanPath?, _ contextTokens: Int?, _ slots: Int, _ limit: Int?) -> MemoryShare {
        // That it cannot be read is said by the check of the model itself.
        guard let model, let checkpoint = try? checkpoint(model) else {
            return .foreign(
                service, weights: nil, contextBytes: nil, contextTokens: contextTokens, isWindowSet: false, contexts: slots, limit: limit,
                unknown: "the model cannot be read")
        }
        let context = contextTokens ?? checkpoint.configuration.maxPositions
        let one = checkpoint.memoryEstimate(contextTokens: context, slots: 1)
        return .native(
            service, weights: one.weights, contextBytes: one.keysAndValues, contextTokens: context, contexts: slots,
            overhead: checkpoint.configuration.overheadBytes(batch: slots), limit: limit)
    }

    private func foreign(_ service: String, _ model: PlanPath?, _ contextTokens: Int?, _ slots: Int, _ limit: Int?) -> MemoryShare {
        let files = model.flatMap { try? resolve($0, bindings) }.flatMap(ModelFiles.init(path:))
        let context = contextTokens ?? files?.maxPositions
        let perToken = files?.kvBytesPerToken
        let bytes = perToken.flatMap { perToken in
            context.map { context in
                let (product, overflows) = perToken.multipliedReportingOverflow(by: context)
                return overflows ? Int.max : product
            }
        }
        let unknown = model == nil ? "its model is not named by a path" : files == nil ? "its model is not on this disk" : "no weights in its model"
        return .foreign(
            service, weights: files?.weightBytes, contextBytes: bytes, contextTokens: context, isWindowSet: contextTokens != nil, contexts: slots,
            limit: limit, unknown: unknown)
    }

    /// What does not fit, at the checks of the services that it is about.
    func memoryFindings(_ admission: MemoryAdmission?, _ plan: LaunchPlan) -> [(index: Int, finding: PreflightFinding)] {
        guard let admission else { return [] }
        return admission.findings(replaced: replaced).compactMap { service, finding in
            let index = plan.preflight.firstIndex { check in
                if check.service == service, case .memory = check.requirement { true } else { false }
            }
            return index.map { ($0, finding) }
        }
    }
}
