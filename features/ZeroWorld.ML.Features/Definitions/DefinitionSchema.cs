namespace ZeroWorld.ML.Features;

/// <summary>The JSON schema of definition files, for editors: docs/formats/definitions.schema.json.</summary>
public static class DefinitionSchema
{
    /// <summary>The schema as JSON text.</summary>
    public static string Read()
    {
        using var stream = typeof(DefinitionSchema).Assembly.GetManifestResourceStream("definitions.schema.json")
            ?? throw new InvalidOperationException("The assembly holds no schema of definitions.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
