namespace ZeroWorld.ML.Models;

/// <summary>A registered model: project and name.</summary>
/// <remarks>
/// Valid by construction: each part is <c>[a-z][a-z0-9_-]*</c>, at most 64 characters, so that it is safe in paths, keys and metric labels. A model that lies in a folder may have
/// a name of letters, digits, '.', '_' and '-', at most 128 characters, that does not begin with '.' or '-' (<see cref="TryParse"/>).
/// </remarks>
public readonly record struct ModelName
{
    public const int LengthMax = 64;

    /// <summary>Longest name of a model that lies in a folder.</summary>
    public const int FolderNameLengthMax = 128;

    private ModelName(string project, string name, bool _)
    {
        Project = project;
        Name = name;
    }

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

    /// <summary>Reads <c>NAME</c> of the project <c>default</c> or <c>PROJECT/NAME</c> as requests write it, also names that only models in folders have.</summary>
    /// <returns><see langword="false"/> for every text that can be no model's name.</returns>
    public static bool TryParse(string? text, out ModelName model)
    {
        model = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        var project = slash < 0 ? DefaultProject : text![..slash];
        var name = slash < 0 ? text : text![(slash + 1)..];
        if (!IsValid(project) || !(IsValid(name) || IsFolderName(name)))
        {
            return false;
        }

        model = new ModelName(project, name!, true);
        return true;
    }

    private static bool IsFolderName(string? text)
    {
        if (text is not { Length: > 0 and <= FolderNameLengthMax } || text[0] is '.' or '-' || text[^1] == '.')
        {
            return false;
        }

        foreach (var letter in text)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('_' or '-' or '.'))
            {
                return false;
            }
        }

        return true;
    }

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
