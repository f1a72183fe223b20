RootCommand.start(Array(CommandLine.arguments.dropFirst()))
