using Xunit;

namespace ZeroWorld.ML.Testing;

/// <summary>Programs that a test needs and a bare machine may lack.</summary>
public static class SystemPackage
{
    /// <summary>When set to <c>1</c>, a missing program fails its test instead of skipping it: continuous integration installs them all.</summary>
    public const string RequireVariable = "ZEROWORLD_TEST_REQUIRE_PACKAGES";

    /// <summary>Whether a program is on the search path.</summary>
    public static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Skips the running test when the program is absent; fails it where <see cref="RequireVariable"/> is set.</summary>
    /// <param name="program">Name of the executable.</param>
    /// <param name="package">Name of the system package that brings it.</param>
    public static void SkipIfMissing(string program, string package) => SkipIfMissing(IsInstalled(program), program, package);

    /// <summary>The same for a program that is looked for elsewhere than on the search path.</summary>
    internal static void SkipIfMissing(bool isInstalled, string program, string package)
    {
        if (isInstalled)
        {
            return;
        }

        var reason = $"'{program}' is not installed (system package {package}).";
        if (Environment.GetEnvironmentVariable(RequireVariable) == "1")
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }
}
