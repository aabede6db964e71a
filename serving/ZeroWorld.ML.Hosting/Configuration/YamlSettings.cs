using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ZeroWorld.ML.Hosting;

/// <summary>Reads the settings of a YAML file: sections as mappings, values as scalars.</summary>
internal static class YamlSettings
{
    /// <param name="path">The file.</param>
    /// <param name="errors">Receives sentences with file, line and column.</param>
    public static IReadOnlyList<GivenSetting> Read(string path, List<string> errors)
    {
        var settings = new List<GivenSetting>();
        try
        {
            var stream = new YamlStream();
            using (var reader = new StreamReader(path))
            {
                stream.Load(reader);
            }

            if (stream.Documents.Count > 0)
            {
                Walk(path, "", stream.Documents[0].RootNode, settings, errors);
            }
        }
        catch (YamlException exception)
        {
            errors.Add($"{path}:{exception.Start.Line}:{exception.Start.Column}: {(exception.InnerException ?? exception).Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.Add($"The file '{path}' cannot be read: {exception.Message}");
        }

        return settings;
    }

    private static void Walk(string path, string key, YamlNode node, List<GivenSetting> settings, List<string> errors)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach (var (name, child) in mapping.Children)
                {
                    Walk(path, ConfigurationSchema.Join(key, ((name as YamlScalarNode)?.Value ?? name.ToString()).Replace("__", ":", StringComparison.Ordinal)), child, settings, errors);
                }

                break;
            case YamlScalarNode scalar when key.Length > 0:
                settings.Add(new GivenSetting(key, IsNull(scalar) ? "" : scalar.Value!, $"{path}:{scalar.Start.Line}"));
                break;
            case YamlScalarNode scalar when IsNull(scalar):
                break;
            default:
                errors.Add($"{path}:{node.Start.Line}:{node.Start.Column}: '{(key.Length == 0 ? "the file" : key)}' is no setting; expected sections and values such as 'Server: {{ HttpPort: 8000 }}'.");
                break;
        }
    }

    private static bool IsNull(YamlScalarNode scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is (null or "" or "~" or "null");
}
