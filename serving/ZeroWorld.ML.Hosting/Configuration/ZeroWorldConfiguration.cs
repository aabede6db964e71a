using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>The settings of this process, each with its source; all valid.</summary>
/// <remarks>Immutable and thread safe, as long as nobody writes to the options it gives out.</remarks>
public sealed class ZeroWorldConfiguration
{
    private readonly Dictionary<Type, object> _options;

    private ZeroWorldConfiguration(Dictionary<Type, object> options, IReadOnlyList<ConfigurationEntry> entries)
    {
        _options = options;
        Entries = entries;
    }

    /// <summary>Every setting there is, by section, with the value in force and where it came from.</summary>
    public IReadOnlyList<ConfigurationEntry> Entries { get; }

    /// <summary>Reads and checks all settings.</summary>
    /// <exception cref="HostingException">One sentence per wrong setting: unknown key, value of the wrong type, value out of range, unreadable file.</exception>
    public static ZeroWorldConfiguration Load(ConfigurationInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var errors = new List<string>();
        var given = Gather(inputs, errors);
        var options = ConfigurationSchema.OptionTypes.ToDictionary(static type => type, static type => Activator.CreateInstance(type)!);
        var entries = new List<ConfigurationEntry>();
        foreach (var setting in ConfigurationSchema.Settings)
        {
            var target = options[setting.OptionsType];
            if (!given.TryGetValue(setting.Key, out var value))
            {
                entries.Add(new ConfigurationEntry(setting.Key, setting.Show(target), "default"));
                continue;
            }

            if (!SettingParser.TryParse(setting.Property.PropertyType, value.Text, out var parsed, out var expected))
            {
                errors.Add($"{value.Source}: {setting.Key} is '{Setting.Hide(value.Text)}'; expected {expected}.");
                continue;
            }

            setting.Property.SetValue(target, parsed);
            entries.Add(new ConfigurationEntry(setting.Key, setting.Show(target), value.Source));
        }

        errors.AddRange(options.Values.SelectMany(Validate));
        return errors.Count == 0
            ? new ZeroWorldConfiguration(options, entries)
            : throw new HostingException(
                errors.Count == 1 ? $"The configuration is wrong. {errors[0]}" : $"The configuration is wrong in {errors.Count} places:{Environment.NewLine}{string.Join(Environment.NewLine, errors)}");
    }

    /// <summary>One group of settings.</summary>
    /// <exception cref="ArgumentException">No group of settings has this type.</exception>
    public T Get<T>()
        where T : class => _options.TryGetValue(typeof(T), out var options)
            ? (T)options
            : throw new ArgumentException($"{typeof(T).Name} holds no settings. Those that do: {string.Join(", ", _options.Keys.Select(static type => type.Name))}.");

    /// <summary>Writes one group of settings over the options of a part.</summary>
    /// <remarks>Settings that are not the user's to make (paths in the data directory, addresses that another setting gives) are left as they are.</remarks>
    public void CopyTo<T>(T target)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(target);
        var source = Get<T>();
        foreach (var setting in ConfigurationSchema.Settings.Where(static setting => setting.OptionsType == typeof(T)))
        {
            setting.Property.SetValue(target, setting.Property.GetValue(source));
        }
    }

    private static Dictionary<string, GivenSetting> Gather(ConfigurationInputs inputs, List<string> errors)
    {
        var given = new Dictionary<string, GivenSetting>(StringComparer.Ordinal);
        var file = inputs.File ?? (File.Exists(ConfigurationInputs.DefaultFile) ? ConfigurationInputs.DefaultFile : null);
        IEnumerable<GivenSetting> all =
        [
            .. file is null ? [] : YamlSettings.Read(file, errors),
            .. inputs.Variables.TryGetValue(ConfigurationInputs.TritonHoldVariable, out var hold)
                ? [new GivenSetting($"{BatchSchedulerOptions.Section}:{nameof(BatchSchedulerOptions.HoldsUntilRequests)}", hold, ConfigurationInputs.TritonHoldVariable)]
                : (GivenSetting[])[],
            .. inputs.Variables
                .Where(static variable => variable.Key.StartsWith(ConfigurationInputs.VariablePrefix, StringComparison.Ordinal))
                .OrderBy(static variable => variable.Key, StringComparer.Ordinal)
                .Select(static variable => new GivenSetting(
                    variable.Key[ConfigurationInputs.VariablePrefix.Length..].Replace("__", ":", StringComparison.Ordinal), variable.Value, variable.Key)),
            .. inputs.Flags.Select(static flag => new GivenSetting(flag.Key, flag.Value, "flag")),
        ];
        foreach (var setting in all)
        {
            if (ConfigurationSchema.Find(setting.Key) is { } known)
            {
                given[known.Key] = setting;
            }
            else
            {
                errors.Add($"{setting.Source}: there is no setting '{setting.Key}'.{ConfigurationSchema.Suggest(setting.Key)}");
            }
        }

        return given;
    }

    private static IEnumerable<string> Validate(object options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        var section = ConfigurationSchema.SectionOf(options.GetType());
        return results.Select(result =>
        {
            var members = string.Join(", ", result.MemberNames.Select(member => ConfigurationSchema.Join(section, member)));
            return members.Length == 0 ? result.ErrorMessage! : DescribeRange(options, result.MemberNames.First(), members) ?? $"{members}: {result.ErrorMessage}";
        });
    }

    // The framework's own sentence names the range, not the value that is outside.
    private static string? DescribeRange(object options, string member, string setting) =>
        options.GetType().GetProperty(member) is { } property && property.GetCustomAttribute<RangeAttribute>() is { } range && property.GetValue(options) is var value && !range.IsValid(value)
            ? string.Create(CultureInfo.InvariantCulture, $"{setting} is {value}; expected {range.Minimum} to {range.Maximum}.")
            : null;
}
