using System.Collections;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ZeroWorld.ML.Hosting;

/// <summary>Messages of the inference protocol as its REST form writes them: names as in the .proto, numbers of 64 bits as numbers, enumerations by name, every scalar written.</summary>
/// <remarks>The JSON that protobuf itself defines writes 64-bit numbers as texts, which the clients of this protocol do not read.</remarks>
internal static class MessageJson
{
    public static void Write(Utf8JsonWriter writer, IMessage message)
    {
        writer.WriteStartObject();
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            WriteField(writer, message, field);
        }

        writer.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter writer, IMessage message, FieldDescriptor field)
    {
        if (field.HasPresence && !field.Accessor.HasValue(message))
        {
            return;
        }

        var value = field.Accessor.GetValue(message);
        if (field.IsMap)
        {
            var valueField = field.MessageType.FindFieldByName("value");
            writer.WriteStartObject(field.Name);
            foreach (DictionaryEntry entry in (IDictionary)value)
            {
                writer.WritePropertyName(Convert.ToString(entry.Key, System.Globalization.CultureInfo.InvariantCulture)!);
                WriteValue(writer, valueField, entry.Value!);
            }

            writer.WriteEndObject();
            return;
        }

        writer.WritePropertyName(field.Name);
        if (!field.IsRepeated)
        {
            WriteValue(writer, field, value);
            return;
        }

        writer.WriteStartArray();
        foreach (var item in (IEnumerable)value)
        {
            WriteValue(writer, field, item);
        }

        writer.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter writer, FieldDescriptor field, object value)
    {
        switch (value)
        {
            case IMessage message:
                Write(writer, message);
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case int number when field.FieldType != FieldType.Enum:
                writer.WriteNumberValue(number);
                break;
            case uint number:
                writer.WriteNumberValue(number);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case ulong number:
                writer.WriteNumberValue(number);
                break;
            case float number:
                writer.WriteNumberValue(number);
                break;
            default:
                if (field.FieldType != FieldType.Enum)
                {
                    throw new NotSupportedException($"The field {field.FullName} has a type that no message of this protocol is written with in JSON.");
                }

                var index = Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture);
                writer.WriteStringValue(field.EnumType.FindValueByNumber(index)?.Name ?? index.ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }
}
