namespace ZeroWorld.ML.Models;

/// <summary>A registered model: project and name.</summary>
/// <remarks>Valid by construction: each part is <c>[a-z][a-z0-9_-]*</c>, at most 64 characters, so that it is safe in paths, keys and metric labels.</remarks>
public readonly record struct ModelName
{
    public const int LengthMax = 64;

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>.</exception>
    public ModelName(string project, string name)
    {
        Check(project, "project");
        Check(name, "model name");
        Project = project;
        Name = name;
    }

    public string Project { get; }

    public string Name { get; }

    public const string DefaultProject = "default";

    public override string ToString() => $"{Project}/{Name}";

    public static bool IsValid(string? text)
    {
        if (text is not { Length: > 0 and <= LengthMax } || !char.IsAsciiLetterLower(text[0]))
        {
            return false;
        }

        foreach (var letter in text)
        {
            if (!char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter) && letter is not ('_' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    private static void Check(string? text, string what)
    {
        if (!IsValid(text))
        {
            throw new RegistryException(
                RegistryError.InvalidInput,
                $"The {what} '{text}' is not valid; expected a lower-case letter, then lower-case letters, digits, '_' or '-', at most {LengthMax} characters.");
        }
    }
}
