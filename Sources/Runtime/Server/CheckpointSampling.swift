import JSON

extension Sampling {
    /// What `generation_config.json` of a checkpoint advises; OpenAI's defaults where it says nothing.
    static func ofCheckpoint(_ directory: String) throws(RuntimeError) -> Sampling {
        var sampling = Sampling(temperature: 1)
        guard let advice = try ModelFile.jsonIfPresent(directory + "/generation_config.json") else { return sampling }
        // Without `do_sample` transformers ignores the rest, and is greedy.
        if advice["do_sample"]?.boolValue == false { return Sampling() }
        if let value = advice["temperature"]?.doubleValue, value >= 0 { sampling.temperature = Float(value) }
        if let value = advice["top_p"]?.doubleValue, value > 0, value <= 1 { sampling.topP = Float(value) }
        if let value = advice["top_k"]?.intValue, value >= 0 { sampling.topK = value }
        if let value = advice["min_p"]?.doubleValue, (0...1).contains(value) { sampling.minP = Float(value) }
        if let value = advice["repetition_penalty"]?.doubleValue, value > 0 { sampling.repetitionPenalty = Float(value) }
        return sampling
    }
}
