using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads levels of priority and limits of the queue out of <c>config.pbtxt</c> and <c>model.yaml</c>.</summary>
internal static class QueueConfig
{
    private const int RequestsMax = 1 << 20;
    private const long TimeoutMicrosecondsMax = 60_000_000;

    /// <summary>Whether a field of <c>dynamic_batching</c> is one of these.</summary>
    public static bool IsField(string name) => name is "priority_levels" or "default_priority_level" or "default_queue_policy" or "priority_queue_policy" or "preserve_ordering";

    /// <summary>A field of <c>dynamic_batching</c>.</summary>
    public static QueueSettings ReadPb(QueueSettings settings, ConfigNode node) => node.Name switch
    {
        "priority_levels" => settings with { PriorityLevels = (int)PbConfigReader.Number(node, 0, QueueSettings.PriorityLevelsMax) },
        "default_priority_level" => settings with { PriorityDefault = (int)PbConfigReader.Number(node, 0, QueueSettings.PriorityLevelsMax) },
        "preserve_ordering" => settings with { PreservesOrder = PbConfigReader.Flag(node) },
        "default_queue_policy" => settings with { Common = ReadPbPolicy(node) },
        _ => AddPbLevel(settings, node),
    };

    /// <summary>A field of <c>batching</c> in <c>model.yaml</c>: <c>priority_levels</c>, <c>default_priority</c>, <c>preserve_ordering</c>, <c>queue</c> or <c>level_queues</c>.</summary>
    public static QueueSettings ReadYaml(QueueSettings settings, ConfigNode node) => node.Name switch
    {
        "priority_levels" => settings with { PriorityLevels = (int)PbConfigReader.Number(node, 1, QueueSettings.PriorityLevelsMax) },
        "default_priority" => settings with { PriorityDefault = (int)PbConfigReader.Number(node, 1, QueueSettings.PriorityLevelsMax) },
        "preserve_ordering" => settings with { PreservesOrder = PbConfigReader.Flag(node) },
        "queue" => settings with { Common = ReadYamlPolicy(PbConfigReader.Message(node)) },
        _ => AddYamlLevel(settings, node),
    };

    /// <summary>What the fields say together.</summary>
    /// <param name="place">Where an error is shown.</param>
    public static QueueSettings Check(QueueSettings settings, ConfigNode place)
    {
        if (settings.PreservesOrder && settings.PriorityLevels > 1)
        {
            throw Wrong(place, $"preserve_ordering is set beside {settings.PriorityLevels} levels of priority, which would change the order; leave one of them out");
        }

        if (settings.PreservesOrder && (settings.Common.OnTimeout == QueueTimeoutAction.Delay || settings.ByLevel.Values.Any(static policy => policy.OnTimeout == QueueTimeoutAction.Delay)))
        {
            throw Wrong(place, "preserve_ordering is set beside a queue policy whose action on timeout is DELAY, which would change the order; leave one of them out");
        }

        if (settings.PriorityLevels == 0 && (settings.PriorityDefault > 0 || settings.ByLevel.Count > 0))
        {
            throw Wrong(place, "there are no levels of priority to speak of: set priority_levels");
        }

        if (settings.PriorityLevels > 0 && (settings.PriorityDefault < 1 || settings.PriorityDefault > settings.PriorityLevels))
        {
            throw Wrong(place, $"the default level of priority is {settings.PriorityDefault}; expected 1 to priority_levels ({settings.PriorityLevels})");
        }

        return settings.ByLevel.Keys.FirstOrDefault(level => level > settings.PriorityLevels) is > 0 and var beyond
            ? throw Wrong(place, $"there is a queue policy for the level {beyond}; expected 1 to priority_levels ({settings.PriorityLevels})")
            : settings;
    }

    private static QueueSettings AddPbLevel(QueueSettings settings, ConfigNode node)
    {
        var level = 0;
        var policy = QueuePolicy.None;
        foreach (var field in PbConfigReader.Message(node))
        {
            switch (field.Name)
            {
                case "key":
                    level = (int)PbConfigReader.Number(field, 1, QueueSettings.PriorityLevelsMax);
                    break;
                case "value":
                    policy = ReadPbPolicy(field);
                    break;
                default:
                    throw Wrong(field, $"there is no field '{field.Name}' here; expected key and value");
            }
        }

        return Add(settings, node, level, policy);
    }

    private static QueuePolicy ReadPbPolicy(ConfigNode node)
    {
        var policy = QueuePolicy.None;
        foreach (var field in PbConfigReader.Message(node))
        {
            policy = field.Name switch
            {
                "timeout_action" => policy with { OnTimeout = field.Text switch { "REJECT" or "0" => QueueTimeoutAction.Reject, "DELAY" or "1" => QueueTimeoutAction.Delay, _ => throw field.Wrong("REJECT or DELAY") } },
                "default_timeout_microseconds" => policy with { Timeout = TimeSpan.FromMicroseconds(PbConfigReader.Number(field, 0, TimeoutMicrosecondsMax)) },
                "max_queue_size" => policy with { RequestsMax = (int)PbConfigReader.Number(field, 0, RequestsMax) },

                // A caller's own timeout always holds, since nobody waits for the answer after it.
                "allow_timeout_override" => PbConfigReader.Flag(field) ? policy : policy,
                _ => throw Wrong(field, $"there is no field '{field.Name}' in a queue policy; expected timeout_action, default_timeout_microseconds, allow_timeout_override and max_queue_size"),
            };
        }

        return policy;
    }

    private static QueueSettings AddYamlLevel(QueueSettings settings, ConfigNode node)
    {
        var fields = PbConfigReader.Message(node);
        var level = fields.FirstOrDefault(static field => field.Name == "level") is { } named ? (int)PbConfigReader.Number(named, 1, QueueSettings.PriorityLevelsMax) : 0;
        return Add(settings, node, level, ReadYamlPolicy(fields.Where(static field => field.Name != "level")));
    }

    private static QueuePolicy ReadYamlPolicy(IEnumerable<ConfigNode> fields)
    {
        var policy = QueuePolicy.None;
        foreach (var field in fields)
        {
            policy = field.Name switch
            {
                "requests_max" => policy with { RequestsMax = (int)PbConfigReader.Number(field, 1, RequestsMax) },
                "timeout" => policy with { Timeout = YamlConfigReader.ReadDelay(field) },
                "on_timeout" => policy with { OnTimeout = field.Text switch { "reject" => QueueTimeoutAction.Reject, "delay" => QueueTimeoutAction.Delay, _ => throw field.Wrong("reject or delay") } },
                _ => throw Wrong(field, $"there is no setting '{field.Name}'; expected one of requests_max, timeout, on_timeout"),
            };
        }

        return policy;
    }

    private static QueueSettings Add(QueueSettings settings, ConfigNode node, int level, QueuePolicy policy) => level == 0 || settings.ByLevel.ContainsKey(level)
        ? throw Wrong(node, level == 0 ? "a queue policy has no level" : $"the level {level} has two queue policies")
        : settings with { ByLevel = new Dictionary<int, QueuePolicy>(settings.ByLevel) { [level] = policy } };

    private static ModelConfigException Wrong(ConfigNode node, string reason) => new(node.Line, node.Column, reason);
}
