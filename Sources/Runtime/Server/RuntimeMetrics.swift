import Serving

/// The counts of the server and of its engine, as Prometheus reads them.
struct RuntimeMetrics: Sendable {
    let registry = MetricsRegistry()
    private static let requests = "anyclaude_runtime_http_requests_total"

    init(_ state: ServerState) {
        registry.declare(Self.requests, .counter, help: "Answers by endpoint and status.")
        registry.declare("anyclaude_runtime_ready", .gauge, help: "1 when requests are taken.") { state.model == nil ? 0 : 1 }
        func engine(_ name: String, _ kind: MetricsRegistry.Kind, _ help: String, _ value: @escaping @Sendable (EngineStatistics) -> Double) {
            registry.declare("anyclaude_runtime_" + name, kind, help: help) { state.model.map { value($0.engine.statistics) } ?? 0 }
        }
        engine("queued_requests", .gauge, "Requests that wait for a place in the batch.") { Double($0.queued) }
        engine("active_requests", .gauge, "Requests that are computed now.") { Double($0.active) }
        engine("completed_requests_total", .counter, "Requests that came to their end.") { Double($0.requestsCompleted) }
        engine("cancelled_requests_total", .counter, "Requests whose client left.") { Double($0.requestsCancelled) }
        engine("refused_requests_total", .counter, "Requests refused because the queue was full.") { Double($0.requestsRefused) }
        engine("put_back_requests_total", .counter, "Times that a running request waited again because memory for keys and values was short.") {
            Double($0.requestsPutBack)
        }
        engine("prompt_tokens_total", .counter, "Tokens of prompts.") { Double($0.promptTokens) }
        engine("prefilled_tokens_total", .counter, "Tokens of prompts that were computed, not found in the cache.") { Double($0.prefilledTokens) }
        engine("generated_tokens_total", .counter, "Tokens of answers.") { Double($0.generatedTokens) }
        engine("proposed_tokens_total", .counter, "Tokens of answers that were proposed by what stood before.") { Double($0.proposedTokens) }
        engine("accepted_tokens_total", .counter, "Proposed tokens that came true.") { Double($0.acceptedTokens) }
        engine("prefill_seconds_total", .counter, "Time spent on prompts.") { $0.prefillSeconds }
        engine("decode_seconds_total", .counter, "Time spent on answers.") { $0.decodeSeconds }
        engine("kv_requests_total", .counter, "Requests that asked the KV store.") { Double($0.cache.requests) }
        engine("kv_memory_hits_total", .counter, "Requests that found a part of their prompt in memory.") { Double($0.cache.memoryHits) }
        engine("kv_disk_hits_total", .counter, "Requests that read a part of their prompt from disk.") { Double($0.cache.diskHits) }
        engine("kv_hit_tokens_total", .counter, "Prompt tokens found in the KV store.") { Double($0.cache.hitTokens) }
        engine("kv_restored_bytes_total", .counter, "Bytes read back from disk.") { Double($0.cache.restoredBytes) }
        engine("kv_stored_blocks_total", .counter, "Blocks stored.") { Double($0.cache.storedBlocks) }
        engine("kv_shared_blocks_total", .counter, "Blocks that were there already when they were to be stored.") { Double($0.cache.sharedBlocks) }
        engine("kv_evicted_blocks_total", .counter, "Blocks evicted.") { Double($0.cache.evictedBlocks) }
        engine("kv_verify_failures_total", .counter, "Records that were damaged, and computed again.") { Double($0.cache.verifyFailures) }
        engine("kv_write_failures_total", .counter, "Blocks that could not be written.") { Double($0.cache.writeFailures) }
        engine("kv_dropped_writes_total", .counter, "Blocks that were not saved, for want of room or of time.") { Double($0.cache.droppedWrites) }
        engine("kv_restored_tokens_total", .counter, "Tokens read back from disk.") { Double($0.cache.restoredTokens) }
        engine("kv_dedupe_ratio", .gauge, "How much larger the store would be without sharing.") { $0.cache.dedupeRatio }
        engine("kv_pins", .gauge, "Pinned prefixes held.") { Double($0.cache.pins) }
        engine("kv_writer", .gauge, "1 when this process writes to the store's folder, 0 while another does.") { $0.cache.isWriter ? 1 : 0 }
        engine("kv_waiting_writes", .gauge, "Writes of the store that wait for a pause between requests.") { Double($0.cache.waitingWrites) }
        engine("kv_memory_bytes", .gauge, "Bytes of keys and values in memory.") { Double($0.cache.bytesInMemory) }
        engine("kv_disk_bytes", .gauge, "Bytes of the store's files.") { Double($0.cache.bytesOnDisk) }
        engine("kv_blocks", .gauge, "Blocks held.") { Double($0.cache.blocks) }
        engine("kv_slots", .gauge, "Conversations held.") { Double($0.cache.slots) }
    }

    func count(_ endpoint: String, status: Int) {
        registry.add(1, to: Self.requests, [("endpoint", endpoint), ("status", String(status))])
    }
}
