namespace ZeroWorld.ML.Models.Registry.Runs;

/// <summary>What a run may hold.</summary>
internal static class RunBounds
{
    internal const int ExperimentLengthMax = 128;
    internal const int NameLengthMax = 256;
    internal const int ValueLengthMax = 4096;
    internal const int NoteLengthMax = 65_536;
    internal const int EntriesMax = 10_000;

    internal static void CheckStart(RunStart start)
    {
        if (!ModelName.IsValid(start.Project))
        {
            throw Invalid($"The project '{start.Project}' of the run is no name.");
        }

        CheckText("experiment", start.Experiment, ExperimentLengthMax);
        CheckText("name of the run", start.Name, NameLengthMax);
        CheckTexts("parameter", start.Parameters);
        CheckTexts("tag", start.Tags);
    }

    internal static void CheckTexts(string what, IReadOnlyDictionary<string, string> texts)
    {
        CheckCount(what, texts.Count);
        foreach (var (name, value) in texts)
        {
            CheckText($"name of a {what}", name, NameLengthMax);
            if (value is null || value.Length > ValueLengthMax)
            {
                throw Invalid($"The {what} '{name}' has a value of {value?.Length ?? 0} characters; expected at most {ValueLengthMax}.");
            }

            CheckCharacters($"{what} '{name}'", value);
        }
    }

    internal static void CheckNote(string note)
    {
        if (note.Length > NoteLengthMax)
        {
            throw Invalid($"The note has {note.Length} characters; expected at most {NoteLengthMax}.");
        }

        CheckCharacters("note", note);
    }

    internal static void CheckMetrics(IReadOnlyList<RunMetric> metrics)
    {
        CheckCount("metric", metrics.Count);
        foreach (var metric in metrics)
        {
            CheckText("name of a metric", metric.Name, NameLengthMax);
            if (metric.Step < 0)
            {
                throw Invalid($"The metric '{metric.Name}' has the step {metric.Step}; expected 0 or more.");
            }
        }
    }

    internal static void CheckArtifact(string name)
    {
        CheckText("name of an artifact", name, NameLengthMax);
        if (name.Contains('\\') || name.Split('/').Any(static part => part is "" or "." or ".."))
        {
            throw Invalid($"The artifact '{name}' has no valid name; expected a relative path with forward slashes.");
        }
    }

    internal static void CheckText(string what, string? text, int lengthMax)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > lengthMax || text.Any(char.IsControl))
        {
            throw Invalid($"The {what} is '{text}'; expected text of 1 to {lengthMax} characters.");
        }
    }

    internal static RegistryException Invalid(string message) => new(RegistryError.InvalidInput, message);

    // PostgreSQL keeps no such character, and whatever one store refuses all refuse.
    private static void CheckCharacters(string what, string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw Invalid($"The {what} holds the character U+0000; expected text without it.");
        }
    }

    private static void CheckCount(string what, int count)
    {
        if (count > EntriesMax)
        {
            throw Invalid($"There are {count} entries ({what}) in one call; expected at most {EntriesMax}.");
        }
    }
}
